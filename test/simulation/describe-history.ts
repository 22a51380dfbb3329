import type { Happening, History, Step } from './steps.js';
import { actors } from './world.js';

/**
 * Describes a history in words. Numbers of sessions and jobs count those that exist at that moment.
 */
export function describeHistory({ setup, happenings }: History): string {
  const backends = setup.backends.map(
    ({ driver, slots, lanes, onIdle }, i) => `b${i}: ${driver}, ${slots} × ${lanes}, on idle ${onIdle}`,
  );
  const steps = happenings.map(
    (happening, i) => `${String(i + 1).padStart(4)}. ${describeHappening(happening, backends.length)}`,
  );
  const budgets = setup.budgets.map((ms) => (ms === 0 ? 'none' : `${ms / 1000} s`)).join(', ');
  return [`  budgets ${budgets}; shares ${setup.shares.join(' : ')}; ${backends.join('; ')}`, ...steps].join(
    '\n',
  );
}

function describeHappening({ step, fault }: Happening, backends: number): string {
  const broken = fault === null ? '' : `   ← ${fault.kind} at point ${fault.at}`;
  return `${describeStep(step, backends)}${broken}`;
}

function describeStep(step: Step, backends: number): string {
  const user = (which: number) => (actors[which % actors.length] ?? actors[0]).user;
  const backend = (which: number) => `b${which % backends}`;
  switch (step.do) {
    case 'open': {
      const ttls = [
        ['max_ttl', step.maxTtl],
        ['active_ttl', step.activeTtl],
        ['interactive_ttl', step.interactiveTtl],
      ] as const;
      const limits = ttls.filter(([, ms]) => ms > 0).map(([name, ms]) => `, ${name} ${ms / 1000} s`);
      return `${user(step.actor)} opens a ${step.mode} session on ${backend(step.backend)}${limits.join('')}`;
    }
    case 'submit': {
      const where =
        step.session < 0
          ? `${user(step.actor)} submits to ${backend(step.backend)}`
          : `session ${step.session} gets`;
      const limit = step.limit > 0 ? `, limit ${step.limit} ms` : '';
      const attempts = step.attempts.map(
        ({ does, after, twice, late, logs }) =>
          `${does} after ${after} ms${twice ? ', twice' : ''}${late ? ', and late' : ''}${logs > 0 ? `, ${logs} lines` : ''}`,
      );
      const runner = attempts.length > 0 ? `; on a runner: ${attempts.join(' | ')}` : '';
      return `${where} a job of ${step.duration} ms, ${step.outcome}${limit}${runner}`;
    }
    case 'cancel':
      return `${step.by} cancels job ${step.job}`;
    case 'drain':
    case 'resume':
    case 'close':
      return `${step.by}: ${step.do} session ${step.session}`;
    case 'adminClose':
      return `an admin closes session ${step.session}; running jobs: ${step.running}`;
    case 'status':
      return `${backend(step.backend)} becomes ${step.status}`;
    case 'limits':
      return `the limits of ${backend(step.backend)} become ${step.scale} times the usual`;
    case 'remove':
    case 'ask':
      return `${step.do} job ${step.job}`;
    case 'advance':
      return `${step.by} ms pass`;
    case 'toDue':
      return `time passes until the next deadline${step.beside === 0 ? '' : ` ${step.beside > 0 ? '+' : '−'} 1 ms`}`;
    case 'sleep':
      return `${step.by} ms pass and the service does not notice`;
    case 'restart':
      return `the service restarts after ${step.down} ms${step.lanes > 0 ? ` with ${step.lanes} lanes` : ''}`;
    case 'together':
      return `at once: ${step.steps.map((each) => describeStep(each, backends)).join(' + ')}`;
  }
}
