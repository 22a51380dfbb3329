import { availableParallelism } from 'node:os';
import type { Driver } from '../driver.js';
import { computeOptions, count, deviceOptions, flag, positive } from '../options.js';
import { pythonWorker, workerPool } from '../worker-pool.js';

/** Returns the number of threads of a worker: half of the cores, so that a large simulation leaves some for others. */
const threads = (): string => String(Math.max(1, Math.floor(availableParallelism() / 2)));

/** Quantum circuits, simulated by Qiskit Aer (docs/attempt-protocol.md has the options). */
export const aer: Driver = {
  name: 'aer',
  program: { key: 'python', variable: 'STINT_PYTHON', environment: '.venv' },
  environment: ['QISKIT_PARALLEL', 'QISKIT_NUM_PROCS'],
  options: {
    ...deviceOptions,
    // Limits for one circuit; workers/jobworker/limits.py has the defaults.
    max_memory_mb: count,
    max_work: positive,
    approximate: flag,
    ...computeOptions,
  },
  programs: ['sampler', 'estimator', 'executor'],
  device: 'needed',
  runners(place) {
    const pool = workerPool(aer, place, {
      worker: pythonWorker(place, 'jobworker', { OMP_NUM_THREADS: threads() }),
      missing: 'the Python workers are not installed: run npm run quickstart',
      programs: aer.programs,
      describe: (backend) => ({ ...backend.options, ...place.devices.of(backend) }),
    });
    return { runners: [pool], warmUp: () => pool.warmUp(), close: () => pool.close() };
  },
};
