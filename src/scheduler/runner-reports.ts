import { Logger } from '@nestjs/common';
import type { Commands } from './commands.service.js';
import type { AttemptEnd, ProcessEnd, RunnerListener } from './ports.js';
import type { Query } from './query.ports.js';
import type { TextsService } from './texts.service.js';

/** Stores what runners report about jobs and sessions. */
export class RunnerReports implements RunnerListener {
  private readonly logger = new Logger('Runners');

  constructor(
    private readonly commands: Commands,
    private readonly texts: TextsService,
  ) {}

  /** Stores how an attempt ended. The message of a lost attempt has an old token and changes nothing. */
  async attemptEnded(id: string, token: string, answer: AttemptEnd): Promise<void> {
    if ((answer.type !== 'completed' && answer.type !== 'stopped') || answer.result === undefined)
      return this.end(id, token, answer);
    return this.texts.withStored(answer.result, (result) => this.end(id, token, { ...answer, result }));
  }

  private async end(id: string, token: string, answer: AttemptEnd): Promise<void> {
    await this.commands.run(async (unit) => {
      const job = await unit.tx.jobs.find(id);
      if (job === null || job.token !== token) {
        this.logger.warn({ job: id, answer: answer.type }, 'A late message of a lost attempt was ignored');
        return;
      }
      if (answer.type === 'lost') {
        const { why, words } = answer;
        this.logger.warn({ job: id, attempt: job.attempts, why, words }, 'A runner was lost');
        await unit.loseJob(job, unit.at, why);
        return;
      }
      // Store the result before the job is shown as ended.
      if (answer.type === 'completed' || answer.type === 'stopped') {
        if (answer.result !== undefined) await unit.tx.jobs.saveResult(id, answer.result);
      }
      if ('ranWith' in answer && answer.ranWith !== undefined)
        await unit.tx.jobs.saveRanWith(id, answer.ranWith);
      if (answer.type === 'failed' && answer.traceback !== null) {
        await unit.tx.jobs.appendLog(id, unit.at, 'error', answer.traceback);
        await unit.tx.jobs.saveResult(id, answer.traceback);
      }
      await unit.endJob(job, answer, unit.at);
    }, 'runner');
  }

  async logged(id: string, token: string, level: string, text: string): Promise<void> {
    await this.commands.run(async (unit) => {
      const job = await unit.tx.jobs.find(id);
      if (job?.token === token) await unit.tx.jobs.appendLog(id, unit.at, level, text);
    });
  }

  /** Handles the end of a session's own process: fails the job that ran on it and closes the session. */
  async processEnded({ session: id, running, code, reason, log }: ProcessEnd): Promise<void> {
    await this.commands.run(async (unit) => {
      for (const level of ['stdout', 'stderr'] as const) {
        if (log[level].length > 0)
          await unit.tx.jobs.appendLog(log.job, unit.at, level, log[level].join('\n'));
      }
      const job = running === null ? null : await unit.tx.jobs.find(running.job);
      if (job !== null && running !== null && job.token === running.token) {
        const { reason } = running;
        const how = { type: 'failed', reason, reasonCode: null, endCode: 'runner_lost' } as const;
        await unit.endJob(job, how, unit.at);
      }
      const session = await unit.tx.sessions.find(id);
      if (session !== null && session.state !== 'closed')
        await unit.changeSession(session, { type: 'close', at: unit.at, code, reason });
    }, 'runner');
  }

  async lastAttempt(id: string, token: string): Promise<void> {
    await this.commands.run(async (unit) => {
      const job = await unit.tx.jobs.find(id);
      if (job?.token === token) await unit.allowNoAttemptAfter(job);
    }, 'runner');
  }

  runChange<T>(change: (query: Query) => Promise<T>): Promise<T> {
    return this.commands.run((unit) => change(unit.tx.query), 'runner');
  }
}
