import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { mayEnd, nameOf, type Actor } from '../../kernel/access/access.js';
import { isFinal } from '../../kernel/job/job.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import {
  joined,
  longFrom,
  statementHead,
  type LongText,
  type Parts,
  type Text,
} from '../../scheduler/long-text.js';
import type { LivySession, LivyStatement } from './storage/ports.js';
import { INTERPRETERS, STORE, type Interpreters, type Store } from '../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../scheduler/receipts.service.js';
import { TextsService } from '../../scheduler/texts.service.js';
import type { Unit } from '../../scheduler/unit.js';
import { noDetails } from './entries.service.js';
import { kindOf, knownKinds } from './kinds.js';
import { forbidEnd } from './refusals.js';
import type { AskedStatement, CompletionRequest } from './requests.dto.js';
import { LivySessions } from './sessions.service.js';
import { closeReason } from './endings.js';
import { bytesOfStatements, fromStatements, partsOfStatement } from './wire.js';
import { livyReads, livyStore } from './storage/store.js';

/** Bytes: a longer list has no room in the text that a client makes of it. */
const mostListed = 100e6;

/** Livy's statements: jobs of a session, one after the other. They are answered as JSON text (see wire). */
@Injectable()
export class LivyStatements {
  constructor(
    private readonly sessions: LivySessions,
    private readonly commands: Commands,
    private readonly jobs: JobsService,
    private readonly receipts: ReceiptsService,
    private readonly texts: TextsService,
    @Inject(STORE) private readonly store: Store,
    @Inject(INTERPRETERS) private readonly interpreters: Interpreters,
  ) {}

  /** Queues a statement; in a session that has not started yet it waits with it. */
  async submit(actor: Actor, id: string, asked: AskedStatement, submit: SubmitKey) {
    const found = await this.sessions.find(actor, id);
    const kind = kindFor(found, asked.kind);
    const { session, number: of } = found;
    await this.sessions.checkUse(actor, id, session, 'run statements in it');
    if (session.state === 'closed')
      throw new BadRequestException(
        `requirement failed: Session isn't active. It ended: ${closeReason(session)}.`,
      );
    const { code } = asked;
    const said = {
      ...{ program: 'statement', backend: undefined, session: session.id, maxExecutionTime: undefined },
      details: noDetails,
    };
    const earlier = async (unit: Unit) => {
      const job = await this.receipts.earlier(unit, submit);
      const statement = job === null ? null : await livyStore(unit.tx).statementOf(job);
      return job === null || statement === null ? null : { statement, job };
    };
    const store = (paramsOf: (statement: number) => Text) =>
      this.commands.run(async (unit) => {
        const known = await earlier(unit);
        if (known !== null) return known;
        const statement = await livyStore(unit.tx).nextStatement(of);
        const job = await this.jobs.submitIn(unit, actor, { ...said, params: paramsOf(statement) });
        await livyStore(unit.tx).addStatement(of, statement, job.id);
        await this.receipts.keep(unit, submit, job.id);
        return { statement, job: job.id };
      }, nameOf(actor));
    // Before many megabytes are stored for nothing.
    const refuse = async (unit: Unit) => {
      const known = await earlier(unit);
      if (known === null) await this.jobs.check(unit, actor, said);
      return known;
    };
    const made =
      typeof code === 'string'
        ? await store((statement) => JSON.stringify({ statement, kind, code }))
        : ((await this.commands.run(refuse, nameOf(actor))) ??
          (await this.texts.keep(code.followedBy('}'), (stored) =>
            store((statement) => (stored as LongText).withHead(statementHead(statement, kind))),
          )));
    const parts = await this.shown(of, made.statement);
    return { session: of, job: made.job, number: made.statement, parts };
  }

  async get(actor: Actor, id: string, statement: string): Promise<Parts> {
    const { number } = await this.sessions.find(actor, id);
    return this.shown(number, numberOf(statement));
  }

  async list(
    actor: Actor,
    id: string,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<string | AsyncIterable<Buffer>> {
    const { number } = await this.sessions.find(actor, id);
    const livy = livyReads(this.store.read);
    const bytes = await livy.statementBytes(number, page);
    if (bytes > longFrom) {
      if (page.size !== 1 && bytes > mostListed)
        throw new BadRequestException(
          `These statements have ${Math.ceil(bytes / 1e6)} MB together, and an answer may have ${mostListed / 1e6} MB. Ask for fewer with from and size, or for one at a time.`,
        );
      const { numbers, total } = await livy.statementNumbers(number, page);
      return bytesOfStatements(total, this.each(number, numbers));
    }
    const { items, total } = await livy.statements(number, page);
    return fromStatements(
      total,
      items.map((statement) => joined(this.withProgress(statement)) ?? ''),
    );
  }

  /** One after the other, so that others have their turn. One that is gone meanwhile is left out. */
  private async *each(session: number, numbers: readonly number[]): AsyncGenerator<Parts> {
    for (const number of numbers) {
      const found = await livyReads(this.store.read).statement(session, number);
      if (found !== null) yield this.withProgress(found);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Livy answers the same whether there is anything to cancel or not. */
  async cancel(actor: Actor, id: string, statement: string): Promise<void> {
    const { number } = await this.sessions.find(actor, id);
    const found = await livyReads(this.store.read).statement(number, numberOf(statement));
    if (found === null || isFinal(found.job.state)) return;
    if (!mayEnd(actor, found.job))
      throw forbidEnd(`Statement ${statement} of session ${id}`, found.job.user, 'cancel');
    await this.jobs.cancel(actor, found.job.id).catch(async (error: unknown) => {
      // It may have ended in this moment.
      if (!isFinal((await this.jobs.get(actor, found.job.id)).state)) throw error;
    });
  }

  async complete(actor: Actor, id: string, { kind, code, cursor }: CompletionRequest) {
    const which = kindFor(await this.sessions.find(actor, id), kind);
    const found = await this.sessions.use(actor, id, 'use its interpreter');
    const candidates = await this.interpreters.complete(found.session.id, {
      ...{ kind: which, code, cursor: cursor ?? code.length },
    });
    return { candidates };
  }

  private async shown(session: number, number: number): Promise<Parts> {
    const found = await livyReads(this.store.read).statement(session, number);
    if (found === null) throw new NotFoundException('Statement not found');
    return this.withProgress(found);
  }

  private withProgress(statement: LivyStatement): Parts {
    const running = statement.job.state === 'running';
    return partsOfStatement(statement, running ? this.interpreters.progress(statement.job.id) : null);
  }
}

function kindFor({ asked }: LivySession, named: string | null | undefined): string {
  const own = String(asked['kind']);
  const kind = named == null ? own : kindOf(named);
  if (kind === null) throw new BadRequestException(`Invalid kind: ${named}. It must be ${knownKinds}.`);
  if (kind === 'shared')
    throw new BadRequestException('Code kind should be specified: this session is shared by all kinds.');
  return kind;
}

/** A session may not have so many; what is no number at all is a mistake. */
function numberOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new BadRequestException(`For input string: "${text}"`);
  return Number(text);
}
