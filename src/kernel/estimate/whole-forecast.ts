import {
  batchesOf,
  generalQueueOf,
  inOrder,
  queueOf,
  slotsOf,
  type WholeBackend,
} from '../choice/whole-backend.js';
import type { Job } from '../job/job.js';
import { finishedJobOf } from './durations.js';
import type { ForecastInstance, ForecastJob, ForecastSession, ForecastView } from './forecast.view.js';

/**
 * Returns the input of a forecast with all queues in full; the store cuts them off. `ended`: jobs of the backend that
 * have ended. `requester`: an instance to contain even if it has nothing queued.
 */
export function forecastViewOf(
  whole: WholeBackend,
  ended: readonly Job[],
  requester: string | null,
): ForecastView {
  const { at, jobs, sessions } = whole;
  const { name, status, lanes } = whole.backend;
  const slots = slotsOf(whole);
  const batches = batchesOf(whole).map(({ id }) => id);
  const running = jobs.filter(({ state }) => state === 'running');
  const placed = new Set([...slots.flatMap(({ holder, reservedFor }) => [holder, reservedFor]), ...batches]);
  const busy = [...running, ...sessions.filter(({ id }) => placed.has(id))].map(({ instance }) => instance);
  const instances = inOrder(whole.instances)
    .map(({ name: _, ...instance }): ForecastInstance => {
      const waiting = generalQueueOf(whole, instance.id).map((entry) =>
        'session' in entry ? entry : toForecastJob(jobs.find(({ id }) => id === entry.job.id) as Job),
      );
      return { ...instance, waiting, more: false };
    })
    .filter(({ id, waiting }) => waiting.length > 0 || busy.includes(id) || id === requester);
  const waitingSessions = instances.flatMap(({ waiting }) =>
    waiting.flatMap((entry) => ('session' in entry ? [entry.session] : [])),
  );
  const shown = sessions.filter(({ id }) => placed.has(id) || waitingSessions.includes(id));
  const queued = jobs.filter(({ state }) => state === 'queued');
  const programs = new Set([...running, ...queued].filter(isUnscripted).map(({ program }) => program));
  return {
    at,
    backend: { name, status, lanes },
    slots,
    running: running.map((job) => ({
      ...toForecastJob(job),
      ...{ session: job.session, charged: job.mode !== 'dedicated', slot: job.slot ?? 0 },
      ...{ startedAt: job.startedAt ?? 0, stopAt: job.stop?.at ?? null },
    })),
    sessions: shown.map((session): ForecastSession => {
      return { ...session, queue: queueOf(whole, session.id).map(toForecastJob), more: false };
    }),
    batches,
    instances,
    hiddenFrom: null,
    recent: ended
      .map(finishedJobOf)
      .filter((job) => job !== null)
      .filter(({ program }) => programs.has(program)),
  };
}

const isUnscripted = ({ script }: Job): boolean => script === null;

const toForecastJob = ({ id, seq, instance, program, script, maxExecutionTime }: Job): ForecastJob => ({
  ...{ id, seq, instance, program, maxExecutionTime },
  duration: script === null ? null : script.duration,
});
