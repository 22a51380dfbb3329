import { Logger } from '@nestjs/common';
import { InterpretersByDriver } from '../runners/interpreters-by-driver.js';
import { hasProcFs } from '../runners/process-table.js';
import { RunnersByDriver } from '../runners/runners-by-driver.js';
import type { Interpreters, Runners } from '../scheduler/ports.js';
import type { RunnerMiddleware, RunnerMiddlewares, Driver, DriverContext, DriverRunners } from './driver.js';

/** The runners of all drivers, and the functions that start and close them. */
export interface AllRunners {
  readonly runners: Runners;
  readonly interpreters: Interpreters;
  /** Connects to the processes that outlived an earlier service. */
  resume(): void;
  /** Starts the processes of these drivers that should be ready before the first job. */
  warmUp(drivers: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** Creates the runners of these drivers. Starts no process yet. */
export function makeRunners(
  drivers: readonly Driver[],
  placeOf: (driver: Driver) => Omit<DriverContext, 'progressed'>,
  runnerMiddlewares: RunnerMiddlewares = new Map(),
): AllRunners {
  const withRunners = drivers.flatMap(
    (driver) => makeOne(driver, placeOf, runnerMiddlewares.get(driver.name)) ?? [],
  );
  const interpreters = withRunners.flatMap(({ name, own }): [string, Interpreters][] =>
    own.interpreters === undefined ? [] : [[name, own.interpreters]],
  );
  if (!hasProcFs()) {
    const warning =
      'This system has no /proc, so a stopped or hung worker is detected only at max_execution_time.';
    new Logger('Runners').warn(warning);
  }
  return {
    runners: new RunnersByDriver(
      Object.fromEntries(withRunners.map(({ name, own, middleware }) => [name, middleware ?? own.runners])),
    ),
    interpreters: new InterpretersByDriver(new Map(interpreters)),
    resume() {
      for (const { own } of withRunners) own.resume?.();
    },
    async warmUp(names) {
      await Promise.all(withRunners.map(({ middleware }) => middleware?.ready));
      for (const { name, own } of withRunners) if (names.has(name)) own.warmUp?.();
    },
    async close() {
      for (const { middleware } of withRunners) middleware?.close();
      await Promise.all(withRunners.map(({ own }) => own.close()));
    },
  };
}

interface DriverWithRunners {
  readonly name: string;
  readonly own: DriverRunners;
  readonly middleware: RunnerMiddleware | null;
}

function makeOne(
  driver: Driver,
  placeOf: (driver: Driver) => Omit<DriverContext, 'progressed'>,
  wrap: ((inner: Runners) => RunnerMiddleware) | undefined,
): DriverWithRunners | null {
  const { name } = driver;
  const own = driver.runners?.({
    ...placeOf(driver),
    progressed: (task, step) => middleware?.progressed(task, step),
  });
  if (own === undefined) return null;
  const middleware: RunnerMiddleware | null = wrap?.(new RunnersByDriver({ [name]: own.runners })) ?? null;
  return { name, own, middleware };
}
