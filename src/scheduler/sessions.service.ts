import { Inject, Injectable } from '@nestjs/common';
import { searchedInstance, mayEnd, maySee, actorName, type Actor } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import { grantLimits, type RequestedLimits } from '../kernel/session/session.limits.js';
import { openSession, type CloseCode, type Session, type SessionMode } from '../kernel/session/session.js';
import { BackendsService } from './backends.service.js';
import { refuseIfUsedUp } from './budget.js';
import { Commands } from './commands.service.js';
import { STORE, type SessionFilter, type Store, type Tx } from './ports.js';
import { SharingService } from './sharing.service.js';
import { ReceiptsService, type SubmitKey } from './receipts.service.js';
import type { UnitOfWork } from './unit-of-work.js';

export interface NewSession extends RequestedLimits {
  readonly mode: SessionMode;
  /** Undefined: the default backend. */
  readonly backend: string | undefined;
  /** Sentences for the session's events about members of the request that have no effect. */
  readonly warnings?: readonly string[];
}

/** Opens, drains, closes and reads sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
    private readonly backends: BackendsService,
    private readonly receipts: ReceiptsService,
    private readonly sharing: SharingService,
  ) {}

  /** Opens a session; a repeated `submit` returns the same session. */
  open(actor: Actor, request: NewSession, submit?: SubmitKey): Promise<Session> {
    return this.commands.run(async (unit) => {
      const earlier = submit === undefined ? null : await this.receipts.findEarlier(unit, submit);
      const known = earlier === null ? null : await unit.tx.sessions.find(earlier);
      if (known !== null && (submit?.hash !== null || isUntouched(known))) return known;
      const session = await this.openIn(unit, actor, request);
      if (submit !== undefined) await this.receipts.store(unit, submit, session.id);
      return session;
    }, actorName(actor));
  }

  /** Opens a session as part of the caller's transaction, like {@link open}. */
  async openIn(unit: UnitOfWork, actor: Actor, request: NewSession): Promise<Session> {
    const backend = await this.backends.named(unit.tx, request.backend);
    const instance = await unit.tx.instances.find(actor.instance.id);
    await refuseIfUsedUp(unit, instance);
    const modes = instance?.plan.modes;
    if (modes !== undefined && !modes.includes(request.mode)) {
      const { name } = actor.instance;
      throw new Refusal('mode_not_allowed', { instance: name, mode: request.mode, allowed: modes });
    }
    const busyIsIdle = backend.options['busy_is_idle'] === true;
    const session = openSession(
      {
        id: unit.ids.uuid(),
        backend: backend.name,
        instance: actor.instance.id,
        user: actor.user,
        mode: request.mode,
        limits: grantLimits(request, request.mode, { ...backend, busyIsIdle }, instance?.plan),
      },
      unit.at,
    );
    await unit.insertSession(session, ['opened', ...(request.warnings ?? [])].join('; '));
    return session;
  }

  async get(actor: Actor, id: string): Promise<Session> {
    return visible(actor, id, await this.store.read.session(id));
  }

  /**
   * Returns one page. The session in `after` must be one of the filter's instance: an empty page would mean that the
   * list ends.
   */
  async list(filter: SessionFilter): Promise<Session[]> {
    const { after, instance } = filter;
    const last = after === undefined ? null : await this.store.read.session(after);
    if (after !== undefined && (last === null || (instance ?? last.instance) !== last.instance))
      throw new Refusal('unknown_page', { after });
    return this.store.read.sessions(filter);
  }

  /**
   * `false` drains the session: it takes no new jobs, finishes the others and closes. `true` undoes this until the
   * session is closed.
   */
  setAccepting(actor: Actor, id: string, accepting: boolean): Promise<Session> {
    return this.commands.run(async (unit) => {
      const session = await find(unit.tx, actor, id);
      if (accepting) await this.sharing.checkSession(actor, session, 'resume');
      else checkEnds(actor, session, 'drain');
      return unit.changeSession(session, { type: accepting ? 'resume' : 'drain', at: unit.at });
    }, actorName(actor));
  }

  /** Closes a session at once: its queued jobs fail and a running job finishes. Closing it again changes nothing. */
  close(actor: Actor, id: string): Promise<Session> {
    return this.commands.run(async (unit) => {
      const session = await find(unit.tx, actor, id);
      checkEnds(actor, session, 'close');
      const code = actor.role === 'admin' ? 'closed_by_admin' : 'closed_by_user';
      return closeWith(unit, session, code, `closed by ${actorName(actor)}`);
    }, actorName(actor));
  }

  /** Closes a session like {@link close}, with the admin's reason. `cancel` also cancels its running jobs. */
  adminClose(actor: Actor, id: string, reason: string, running: 'finish' | 'cancel'): Promise<Session> {
    return this.commands.run(async (unit) => {
      const words = `closed by admin ${actor.user}: ${reason}`;
      await closeWith(unit, await find(unit.tx, actor, id), 'closed_by_admin', words);
      if (running === 'cancel') {
        for (const job of await unit.tx.jobs.runningOf(id)) {
          await unit.stopJob(job, { at: unit.at, reason: `its session was ${words}`, endCode: null });
        }
      }
      return find(unit.tx, actor, id);
    }, actorName(actor));
  }
}

/**
 * Returns whether nothing has happened to a session since it was opened. Otherwise its user has received the answer,
 * and an equal request is for another session.
 */
const isUntouched = ({ state, queuedJobs, acceptingJobs }: Session): boolean =>
  state === 'open' && queuedJobs === 0 && acceptingJobs;

const closeWith = (unit: UnitOfWork, session: Session, code: CloseCode, reason: string): Promise<Session> =>
  unit.changeSession(session, { type: 'close', at: unit.at, code, reason });

async function find(tx: Tx, actor: Actor, id: string): Promise<Session> {
  return visible(actor, id, await tx.sessions.find(id));
}

function checkEnds(actor: Actor, session: Session, act: 'drain' | 'close'): void {
  if (mayEnd(actor, session)) return;
  throw new Refusal('session_not_yours', { session: session.id, owner: session.user, act });
}

/** Refuses a session of another instance as if it did not exist. */
function visible(actor: Actor, id: string, session: Session | null): Session {
  if (session !== null && maySee(actor, session)) return session;
  throw new Refusal('unknown_session', { session: id, instance: searchedInstance(actor) });
}
