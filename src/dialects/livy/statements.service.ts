import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { mayEnd, actorName, type Actor } from '../../kernel/access/access.js';
import { isFinal } from '../../kernel/job/job.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import {
  joined,
  longFrom,
  statementHead,
  type LongText,
  type TextParts,
  type Text,
} from '../../scheduler/long-text.js';
import type { LivySession, LivyStatement } from './storage/ports.js';
import { INTERPRETERS, STORE, type Interpreters, type Store } from '../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../scheduler/receipts.service.js';
import { TextsService } from '../../scheduler/texts.service.js';
import type { UnitOfWork } from '../../scheduler/unit-of-work.js';
import { noDetails } from './entries.service.js';
import { kindOf, knownKinds } from './kinds.js';
import { forbidEnd } from './refusals.js';
import type { CompletionRequest, StatementBody } from './requests.dto.js';
import { LivySessions } from './sessions.service.js';
import { closeReason } from './endings.js';
import { bytesOfStatements, fromStatements, partsOfStatement } from './wire.js';
import { livyReads, livyStore } from './storage/store.js';

/** Most bytes of a list with several statements, because clients could not hold a longer text. */
const mostListed = 100e6;

/** Livy's statements: jobs of a session that run one after the other. The answers are JSON text (see `wire.ts`). */
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

  /** Queues a statement. If the session has not started yet, the statement waits for it. */
  async submit(actor: Actor, id: string, params: StatementBody, submit: SubmitKey) {
    const entry = await this.sessions.find(actor, id);
    const kind = kindFor(entry, params.kind);
    const { session, number: sessionNumber } = entry;
    await this.sessions.checkUse(actor, id, session, 'run statements in it');
    if (session.state === 'closed')
      throw new BadRequestException(
        `requirement failed: Session isn't active. It ended: ${closeReason(session)}.`,
      );
    const { code } = params;
    const job = {
      ...{ program: 'statement', backend: undefined, session: session.id, maxExecutionTime: undefined },
      details: noDetails,
    };
    const findExisting = async (unit: UnitOfWork) => {
      const jobId = await this.receipts.findEarlier(unit, submit);
      const statement = jobId === null ? null : await livyStore(unit.tx).statementOf(jobId);
      return jobId === null || statement === null ? null : { statement, job: jobId };
    };
    const store = (paramsOf: (statement: number) => Text) =>
      this.commands.run(async (unit) => {
        const existing = await findExisting(unit);
        if (existing !== null) return existing;
        const statement = await livyStore(unit.tx).nextStatement(sessionNumber);
        const { id: jobId } = await this.jobs.submitIn(unit, actor, { ...job, params: paramsOf(statement) });
        await livyStore(unit.tx).addStatement(sessionNumber, statement, jobId);
        await this.receipts.store(unit, submit, jobId);
        return { statement, job: jobId };
      }, actorName(actor));
    // Refuse a long statement before its many megabytes are stored.
    const checkFirst = async (unit: UnitOfWork) => {
      const existing = await findExisting(unit);
      if (existing === null) await this.jobs.check(unit, actor, job);
      return existing;
    };
    const stored =
      typeof code === 'string'
        ? await store((statement) => JSON.stringify({ statement, kind, code }))
        : ((await this.commands.run(checkFirst, actorName(actor))) ??
          (await this.texts.withStored(code.followedBy('}'), (text) =>
            store((statement) => (text as LongText).withHead(statementHead(statement, kind))),
          )));
    const parts = await this.toAnswer(sessionNumber, stored.statement);
    return { session: sessionNumber, job: stored.job, number: stored.statement, parts };
  }

  async get(actor: Actor, id: string, statement: string): Promise<TextParts> {
    const { number } = await this.sessions.find(actor, id);
    return this.toAnswer(number, parseNumber(statement));
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
      return bytesOfStatements(total, this.readEach(number, numbers));
    }
    const { items, total } = await livy.statements(number, page);
    return fromStatements(
      total,
      items.map((statement) => joined(this.withProgress(statement)) ?? ''),
    );
  }

  /** Reads statements one by one, so that other requests have their turn. Skips those that were deleted meanwhile. */
  private async *readEach(session: number, numbers: readonly number[]): AsyncGenerator<TextParts> {
    for (const number of numbers) {
      const statement = await livyReads(this.store.read).statement(session, number);
      if (statement !== null) yield this.withProgress(statement);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Cancels a statement. Does nothing if it is unknown or has ended: Livy's answer is the same. */
  async cancel(actor: Actor, id: string, statement: string): Promise<void> {
    const { number } = await this.sessions.find(actor, id);
    const match = await livyReads(this.store.read).statement(number, parseNumber(statement));
    if (match === null || isFinal(match.job.state)) return;
    const { job } = match;
    if (!mayEnd(actor, job)) throw forbidEnd(`Statement ${statement} of session ${id}`, job.user, 'cancel');
    await this.jobs.cancel(actor, job.id).catch(async (error: unknown) => {
      // Ignore the error if the statement has just ended.
      if (!isFinal((await this.jobs.get(actor, job.id)).state)) throw error;
    });
  }

  async complete(actor: Actor, id: string, { kind, code, cursor }: CompletionRequest) {
    const codeKind = kindFor(await this.sessions.find(actor, id), kind);
    const { session } = await this.sessions.use(actor, id, 'use its interpreter');
    const candidates = await this.interpreters.complete(session.id, {
      ...{ kind: codeKind, code, cursor: cursor ?? code.length },
    });
    return { candidates };
  }

  private async toAnswer(session: number, number: number): Promise<TextParts> {
    const statement = await livyReads(this.store.read).statement(session, number);
    if (statement === null) throw new NotFoundException('Statement not found');
    return this.withProgress(statement);
  }

  private withProgress(statement: LivyStatement): TextParts {
    const running = statement.job.state === 'running';
    return partsOfStatement(statement, running ? this.interpreters.progress(statement.job.id) : null);
  }
}

/** Returns the kind that a request names, else the kind of the session. */
function kindFor({ request }: LivySession, requested: string | null | undefined): string {
  const kind = requested == null ? String(request['kind']) : kindOf(requested);
  if (kind === null) throw new BadRequestException(`Invalid kind: ${requested}. It must be ${knownKinds}.`);
  if (kind === 'shared')
    throw new BadRequestException('Code kind should be specified: this session is shared by all kinds.');
  return kind;
}

/** Parses the number of a statement. The error message is Livy's. */
function parseNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new BadRequestException(`For input string: "${text}"`);
  return Number(text);
}
