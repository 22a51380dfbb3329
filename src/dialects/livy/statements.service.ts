import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import { mayEnd, nameOf, type Actor } from '../../kernel/access/access.js';
import { isFinal } from '../../kernel/job/job.js';
import { Refusal } from '../../kernel/refusal.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import type { LivySession, LivyStatement } from '../../scheduler/livy.ports.js';
import { INTERPRETERS, STORE, type Interpreters, type Store } from '../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../scheduler/receipts.service.js';
import { SharingService } from '../../scheduler/sharing.service.js';
import { noDetails } from './entries.service.js';
import { kindOf, knownKinds } from './kinds.js';
import type { CompletionRequest, StatementRequest } from './requests.dto.js';
import { LivySessions } from './sessions.service.js';
import { fromStatement, fromStatements } from './wire.js';
import { inLivysWords } from './words.js';

/** Bytes: a longer list keeps the service from everything else for seconds, and has no room in one text. */
const mostListed = 100e6;

/** Livy's statements: jobs of a session, one after the other. They are answered as JSON text (see wire). */
@Injectable()
export class LivyStatements {
  constructor(
    private readonly sessions: LivySessions,
    private readonly commands: Commands,
    private readonly jobs: JobsService,
    private readonly receipts: ReceiptsService,
    private readonly sharing: SharingService,
    @Inject(STORE) private readonly store: Store,
    @Inject(INTERPRETERS) private readonly interpreters: Interpreters,
  ) {}

  /** Queues a statement; in a session that has not started yet it waits with it. */
  async submit(actor: Actor, id: string, asked: StatementRequest, submit: SubmitKey) {
    const found = await this.sessions.find(actor, id);
    const kind = kindFor(found, asked.kind);
    const { session, number: of } = found;
    await this.sharing.checkUse(actor, session, `Session ${id}`, 'run statements in it');
    if (session.state === 'closed')
      throw new BadRequestException(
        `requirement failed: Session isn't active. It is over: ${inLivysWords(session.stateReason ?? 'closed')}.`,
      );
    const made = await this.commands.run(async (unit) => {
      const earlier = await this.receipts.earlier(unit, submit);
      const known = earlier === null ? null : await unit.tx.livy.statementOf(earlier);
      if (known !== null) return { statement: known, job: earlier ?? '' };
      const statement = await unit.tx.livy.nextStatement(of);
      const job = await this.jobs.submitIn(unit, actor, {
        ...{ program: 'statement', backend: undefined, session: session.id, maxExecutionTime: undefined },
        ...{
          params: JSON.stringify({ statement, kind, code: asked.code }),
          details: noDetails,
        },
      });
      await unit.tx.livy.addStatement(of, statement, job.id);
      await this.receipts.keep(unit, submit, job.id);
      return { statement, job: job.id };
    }, nameOf(actor));
    const text = await this.shown(of, made.statement);
    return { session: of, job: made.job, number: made.statement, text };
  }

  async get(actor: Actor, id: string, statement: string): Promise<string> {
    const { number } = await this.sessions.find(actor, id);
    return this.shown(number, numberOf(statement));
  }

  async list(
    actor: Actor,
    id: string,
    page: { from: number; size: number; newestFirst: boolean },
  ): Promise<string> {
    const { number } = await this.sessions.find(actor, id);
    if (page.size !== 1) {
      const bytes = await this.store.read.livy.statementBytes(number, page);
      if (bytes > mostListed)
        throw new BadRequestException(
          `These statements have ${Math.ceil(bytes / 1e6)} MB together, and an answer at most ${mostListed / 1e6}: ask for fewer with from and size, or for one at a time.`,
        );
    }
    const { items, total } = await this.store.read.livy.statements(number, page);
    return fromStatements(
      total,
      items.map((statement) => this.withProgress(statement)),
    );
  }

  /** Livy answers the same whether there is anything to cancel or not. */
  async cancel(actor: Actor, id: string, statement: string): Promise<void> {
    const { number } = await this.sessions.find(actor, id);
    const found = await this.store.read.livy.statement(number, numberOf(statement));
    if (found === null || isFinal(found.job.state)) return;
    if (!mayEnd(actor, found.job))
      throw new Refusal(
        'forbidden',
        `Statement ${statement} of session ${id} is for ${found.job.user} or an admin to cancel.`,
      );
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

  private async shown(session: number, number: number): Promise<string> {
    const found = await this.store.read.livy.statement(session, number);
    if (found === null) throw new NotFoundException('Statement not found');
    return this.withProgress(found);
  }

  private withProgress(statement: LivyStatement): string {
    const running = statement.job.state === 'running';
    return fromStatement(statement, running ? this.interpreters.progress(statement.job.id) : null);
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
