import type { Driver } from '../driver.js';
import { computeOptions, flag } from '../options.js';
import { pythonWorker, workerPool } from '../worker-pool.js';

const prediction = 'predict';
const calculations = ['forecast', 'impact', 'regression', 'classification', 'anomalies'];

/** Forecasts and models of data sets (docs/learner.md). */
export const learner: Driver = {
  name: 'learner',
  program: { key: 'learner_python', variable: 'STINT_LEARNER_PYTHON', environment: '.venv-learn' },
  environment: ['STINT_LEARNER_MEMORY'],
  options: { predict: flag, ...computeOptions },
  programs: [prediction, ...calculations],
  runners(place) {
    const workers = {
      // Use one thread: more could change the last digits, but the same data must give the same result.
      worker: pythonWorker(place, 'learner', { OMP_NUM_THREADS: '1' }),
      missing: 'its Python environment .venv-learn is not installed: see docs/dialects/nexosis.md',
      describe: () => ({}),
    };
    const calculating = workerPool(learner, place, {
      ...workers,
      programs: calculations,
      takes: (program) => program !== prediction,
    });
    // Clients wait for predictions, so these have a worker of their own that is ready even if sessions calculate.
    const predicting = workerPool(learner, place, {
      ...workers,
      programs: [prediction],
      takes: (program) => program === prediction,
      warm: Math.min(1, place.warm),
      urgent: true,
    });
    return {
      runners: [predicting, calculating],
      warmUp() {
        predicting.warmUp();
        calculating.warmUp();
      },
      close: async () => void (await Promise.all([calculating.close(), predicting.close()])),
    };
  },
};
