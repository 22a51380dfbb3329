import { BadRequestException, Inject, Injectable } from '@nestjs/common';
import { mayEnd, nameOf, type Actor } from '../../kernel/access/access.js';
import type { Session } from '../../kernel/session/session.js';
import { seconds, type Millis } from '../../kernel/time.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import { keptCloses, type LivySession } from './storage/ports.js';
import { INTERPRETERS, STORE, type Interpreters, type Store } from '../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../scheduler/receipts.service.js';
import { SharingService } from '../../scheduler/sharing.service.js';
import { SessionsService } from '../../scheduler/sessions.service.js';
import { whyEnded } from './endings.js';
import { backendKey, keyOf, LivyEntries, noDetails } from './entries.service.js';
import { kindOf, knownKinds, type Kind } from './kinds.js';
import { forbidEnd, forbidUse } from './refusals.js';
import type { SessionRequest } from './requests.dto.js';
import { rejected, sparkSettings, sqlRowsOf } from './spark-settings.js';
import { parseTime } from './time-string.js';
import { fromSession, stateOf } from './wire.js';
import { livyReads, livyStore } from './storage/store.js';

/** Lines of its log that a session shows (Livy dialect, session object). */
const linesShown = 10;

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

  /** Creates a session and the hidden job that starts its interpreter; it waits for a slot and is never refused one. */
  async open(actor: Actor, asked: SessionRequest, submit: SubmitKey): Promise<LivySession> {
    const kind = kindAsked(asked.kind);
    const limits = limitsOf(asked);
    const number = await this.commands.run(async (unit) => {
      const earlier = await this.receipts.earlier(unit, submit);
      const known = earlier === null ? null : await livyStore(unit.tx).bySubject('session', earlier);
      if (known !== null) return known.number;
      await this.entries.sweep(unit);
      await this.entries.checkName(unit, 'session', asked.name, actor.instance.id);
      const { [backendKey]: named, ...conf } = asked.conf ?? {};
      const backend = await this.entries.backendFor(unit, named);
      const missing = this.interpreters.kindMissing(kind, backend);
      if (missing !== null) throw rejected(missing);
      const number = await livyStore(unit.tx).nextNumber('session');
      const settings = sparkSettings({ ...asked, conf }, backend, `livy-session-${number}`);
      const sql_rows = sqlRowsOf(asked, backend);
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
        ...{ name: asked.name ?? null, asked: { ...asked, kind } },
      });
      await this.receipts.keep(unit, submit, session.id);
      return number;
    }, nameOf(actor));
    return this.find(actor, String(number));
  }

  /** A session by number or name, which keeps it alive where it has a heartbeat. */
  async find(actor: Actor, id: string): Promise<LivySession> {
    const found = await livyReads(this.store.read).session(keyOf(id), this.entries.instanceOf(actor));
    if (found === null || !(await this.entries.visible(actor, found.session))) throw this.entries.unknown(id);
    const { session } = found;
    const end = { at: session.closedAt, why: session.state === 'closed' ? whyEnded(session) : null };
    // Its statements are forgotten; how it ended is not.
    if (found.removedAt !== null) throw this.entries.unknown(id, end);
    if (session.state === 'closed' && !this.interpreters.lives(session.id)) {
      const { closeCode, closedAt } = session;
      const kept = keptCloses.some((code) => code === closeCode);
      if (!kept || (closedAt ?? 0) <= this.entries.endedAfter) throw this.entries.unknown(id, end);
    }
    // A colleague who looks at it is not the client that it lives for.
    if (session.heardAt !== null && session.state !== 'closed' && mayEnd(actor, session))
      this.commands.noteClient(session.id);
    return found;
  }

  async list(actor: Actor, from: number, size: number) {
    const { items, total } = await livyReads(this.store.read).sessions(
      await this.entries.pageFor(actor, from, size),
    );
    return { from, total, sessions: await Promise.all(items.map((found) => this.shown(found))) };
  }

  async shown(found: LivySession) {
    const { session } = found;
    const lives = this.interpreters.lives(session.id);
    const log = await this.entries.log(session.id, found.job, linesShown);
    return fromSession(found, {
      lives,
      about: this.interpreters.about(session.id),
      log: log.slice(-linesShown),
    });
  }

  state({ number, session }: LivySession) {
    return { id: number, state: stateOf(session, this.interpreters.lives(session.id)) };
  }

  log({ session, job }: LivySession): Promise<string[]> {
    return this.entries.log(session.id, job);
  }

  /** Counts as use, although nothing runs. `act` says what for. */
  async use(actor: Actor, id: string, act: string): Promise<LivySession> {
    const found = await this.find(actor, id);
    await this.checkUse(actor, id, found.session, act);
    await this.commands.run(async (unit) => {
      const session = await unit.tx.sessions.find(found.session.id);
      if (session !== null) await unit.changeSession(session, { type: 'used', at: unit.at });
    });
    return found;
  }

  /** Refuses to `act` on a colleague's session, where the instance does not allow it. */
  async checkUse(actor: Actor, id: string, session: Session, act: string): Promise<void> {
    if (await this.sharing.mayUse(actor, session)) return;
    throw forbidUse(`Session ${id}`, session.user, act, actor.instance.name);
  }

  /** Ends the session, answers when its process is gone, and forgets it. */
  async remove(actor: Actor, id: string): Promise<void> {
    const found = await this.find(actor, id);
    this.checkEnds(actor, id, found.session);
    await this.sessions.close(actor, found.session.id);
    await this.interpreters.gone(found.session.id);
    this.commands.forgetClient(found.session.id);
    await this.commands.run((unit) => livyStore(unit.tx).remove('session', found.number, unit.at));
  }

  /** Ends the session but goes on showing it as dead until its retention is over. */
  async stop(actor: Actor, id: string): Promise<void> {
    const { session } = await this.find(actor, id);
    this.checkEnds(actor, id, session);
    await this.commands.run(async (unit) => {
      const now = await unit.tx.sessions.find(session.id);
      const how = { code: 'stopped', reason: `stopped by ${nameOf(actor)}` } as const;
      if (now !== null) await unit.changeSession(now, { type: 'close', at: unit.at, ...how });
    }, nameOf(actor));
  }

  /** Said of the number or name that was asked for: the kernel knows the session by another. */
  private checkEnds(actor: Actor, id: string, session: Session): void {
    if (mayEnd(actor, session)) return;
    throw forbidEnd(`Session ${id}`, session.user);
  }
}

function kindAsked(asked: string | null | undefined): Kind {
  const kind = kindOf(asked ?? 'shared');
  if (kind === null) throw new BadRequestException(`Invalid kind: ${asked}. It must be ${knownKinds}.`);
  return kind;
}

function limitsOf({ ttl, idleTimeout, heartbeatTimeoutInSecond: heartbeat }: SessionRequest) {
  const maxTtl = timeOf(ttl);
  const idle = timeOf(idleTimeout);
  return {
    maxTtl,
    // Livy lets a session ask to be idle for longer than it may live.
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
