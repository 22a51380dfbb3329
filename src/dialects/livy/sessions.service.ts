import { BadRequestException, Inject, Injectable } from '@nestjs/common';
import { mayEnd, actorName, type Actor } from '../../kernel/access/access.js';
import type { Session } from '../../kernel/session/session.js';
import { seconds, type Millis } from '../../kernel/time.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import type { LivySession } from './storage/ports.js';
import { isSessionShown } from './storage/retention.js';
import { INTERPRETERS, STORE, type Interpreters, type Store } from '../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../scheduler/receipts.service.js';
import { SharingService } from '../../scheduler/sharing.service.js';
import { SessionsService } from '../../scheduler/sessions.service.js';
import { closeReason } from './endings.js';
import { backendKey, keyOf, LivyEntries, noDetails } from './entries.service.js';
import { kindOf, knownKinds, type Kind } from './kinds.js';
import { forbidEnd, forbidUse } from './refusals.js';
import type { SessionRequest } from './requests.dto.js';
import { rejected, sparkSettings, sqlRowsOf } from './spark-settings.js';
import { parseTime } from './time-string.js';
import { fromSession, stateOf } from './wire.js';
import { livyReads, livyStore } from './storage/store.js';

/** Log lines in the answer about a session (Livy dialect, session object). */
const logLinesInAnswer = 10;

/** Livy's sessions: dedicated sessions of the kernel whose first job starts their interpreter. */
@Injectable()
export class LivySessions {
  constructor(
    private readonly entries: LivyEntries,
    private readonly commands: Commands,
    private readonly sessions: SessionsService,
    private readonly jobs: JobsService,
    private readonly receipts: ReceiptsService,
    private readonly sharing: SharingService,
    @Inject(STORE) private readonly store: Store,
    @Inject(INTERPRETERS) private readonly interpreters: Interpreters,
  ) {}

  /** Creates a session, which waits for a slot, and the hidden job that starts its interpreter. */
  async open(actor: Actor, request: SessionRequest, submit: SubmitKey): Promise<LivySession> {
    const kind = parseKind(request.kind);
    const limits = limitsOf(request);
    const number = await this.commands.run(async (unit) => {
      const earlier = await this.receipts.findEarlier(unit, submit);
      const existing = earlier === null ? null : await livyStore(unit.tx).bySubject('session', earlier);
      if (existing !== null) return existing.number;
      await this.entries.sweep(unit);
      await this.entries.checkName(unit, 'session', request.name, actor.instance.id);
      const { [backendKey]: backendName, ...conf } = request.conf ?? {};
      const backend = await this.entries.backendFor(unit, backendName);
      const missing = this.interpreters.kindMissing(kind, backend);
      if (missing !== null) throw rejected(missing);
      const number = await livyStore(unit.tx).nextNumber('session');
      const settings = sparkSettings({ ...request, conf }, backend, `livy-session-${number}`);
      const sql_rows = sqlRowsOf(request, backend);
      const session = await this.sessions.openIn(unit, actor, {
        mode: 'dedicated',
        backend: backend.name,
        ...limits,
      });
      const starting = await this.jobs.submitIn(unit, actor, {
        ...{ program: 'interpreter', backend: undefined, session: session.id, maxExecutionTime: undefined },
        ...{
          params: JSON.stringify({
            ...settings,
            sql_rows,
            kind,
            plain_r: backend.options['plain_r'] === true,
          }),
          details: noDetails,
        },
      });
      await livyStore(unit.tx).insert({
        ...{ type: 'session', number, subject: session.id, job: starting.id, instance: session.instance },
        ...{ name: request.name ?? null, request: { ...request, kind } },
      });
      await this.receipts.store(unit, submit, session.id);
      return number;
    }, actorName(actor));
    return this.find(actor, String(number));
  }

  /** Finds a session by number or name. Counts as a heartbeat if the session has a heartbeat timeout. */
  async find(actor: Actor, id: string): Promise<LivySession> {
    const entry = await livyReads(this.store.read).session(keyOf(id), this.entries.instanceOf(actor));
    if (entry === null || !(await this.entries.isVisible(actor, entry.session)))
      throw this.entries.notFound(id);
    const { session } = entry;
    const end = { at: session.closedAt, why: session.state === 'closed' ? closeReason(session) : null };
    // The statements of a deleted session are deleted too, but its row still records how it ended.
    if (entry.removedAt !== null) throw this.entries.notFound(id, end);
    if (!isSessionShown(session, this.entries.endedAfter) && !this.interpreters.hasProcess(session.id))
      throw this.entries.notFound(id, end);
    // Requests of colleagues do not keep the session alive.
    if (session.clientSeenAt !== null && session.state !== 'closed' && mayEnd(actor, session))
      this.commands.noteClient(session.id);
    return entry;
  }

  async list(actor: Actor, from: number, size: number) {
    const { items, total } = await livyReads(this.store.read).sessions(
      await this.entries.pageFor(actor, from, size),
    );
    return { from, total, sessions: await Promise.all(items.map((entry) => this.toAnswer(entry))) };
  }

  async toAnswer(entry: LivySession) {
    const { session } = entry;
    const lives = this.interpreters.hasProcess(session.id);
    const log = await this.entries.log(session.id, entry.job, logLinesInAnswer);
    return fromSession(entry, {
      lives,
      about: this.interpreters.about(session.id),
      log: log.slice(-logLinesInAnswer),
    });
  }

  state({ number, session }: LivySession) {
    return { id: number, state: stateOf(session, this.interpreters.hasProcess(session.id)) };
  }

  log({ session, job }: LivySession): Promise<string[]> {
    return this.entries.log(session.id, job);
  }

  /** Restarts the idle timeout of a session without running anything. `act` is the purpose, for the error message. */
  async use(actor: Actor, id: string, act: string): Promise<LivySession> {
    const entry = await this.find(actor, id);
    await this.checkUse(actor, id, entry.session, act);
    await this.commands.run(async (unit) => {
      const session = await unit.tx.sessions.find(entry.session.id);
      if (session !== null) await unit.changeSession(session, { type: 'used', at: unit.at });
    });
    return entry;
  }

  /** Throws if the actor may not use the session because it is a colleague's. */
  async checkUse(actor: Actor, id: string, session: Session, act: string): Promise<void> {
    if (await this.sharing.mayUse(actor, session)) return;
    throw forbidUse(`Session ${id}`, session.user, act, actor.instance.name);
  }

  /** Closes the session, waits until its process has ended, and deletes the session. */
  async remove(actor: Actor, id: string): Promise<void> {
    const { session, number } = await this.find(actor, id);
    this.checkMayEnd(actor, id, session);
    await this.sessions.close(actor, session.id);
    await this.interpreters.whenEnded(session.id);
    this.commands.forgetClient(session.id);
    await this.commands.run((unit) => livyStore(unit.tx).remove('session', number, unit.at));
  }

  /** Closes the session, but keeps showing it as dead until its retention is over. */
  async stop(actor: Actor, id: string): Promise<void> {
    const { session } = await this.find(actor, id);
    this.checkMayEnd(actor, id, session);
    await this.commands.run(async (unit) => {
      const current = await unit.tx.sessions.find(session.id);
      const cause = { code: 'stopped', reason: `stopped by ${actorName(actor)}` } as const;
      if (current !== null) await unit.changeSession(current, { type: 'close', at: unit.at, ...cause });
    }, actorName(actor));
  }

  /**
   * Throws if the actor may not end the session. `id` is the number or name in the request, which the kernel does not
   * know.
   */
  private checkMayEnd(actor: Actor, id: string, session: Session): void {
    if (mayEnd(actor, session)) return;
    throw forbidEnd(`Session ${id}`, session.user);
  }
}

function parseKind(name: string | null | undefined): Kind {
  const kind = kindOf(name ?? 'shared');
  if (kind === null) throw new BadRequestException(`Invalid kind: ${name}. It must be ${knownKinds}.`);
  return kind;
}

function limitsOf({ ttl, idleTimeout, heartbeatTimeoutInSecond: heartbeat }: SessionRequest) {
  const maxTtl = timeOf(ttl);
  const idle = timeOf(idleTimeout);
  return {
    maxTtl,
    // Livy accepts an idleTimeout that is longer than the ttl.
    interactiveTtl: idle !== undefined && maxTtl !== undefined ? Math.min(idle, maxTtl) : idle,
    heartbeatTtl: heartbeat == null || heartbeat === 0 ? undefined : seconds(heartbeat),
  };
}

function timeOf(text: string | null | undefined): Millis | undefined {
  if (text == null || text === '') return undefined;
  const time = parseTime(text);
  if (time === null) throw rejected(`Invalid time string: ${text}`);
  return time;
}
