import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Refusal } from '../kernel/refusal.js';
import { seconds, type Millis } from '../kernel/time.js';
import { Commands } from './commands.service.js';
import { PROCESS_MEMORY, type AnswerMemory, type ProcessMemory } from './process-memory.ports.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Identifies a submit, so that its repetition is recognised. */
export interface SubmitKey {
  /** Hash of token, path and body, or of token, path and the client's `Idempotency-Key`. */
  readonly key: string;
  /** Hash of the body if the client chose the key: another body under the same key is refused. Null otherwise. */
  readonly hash: string | null;
}

/** The same body within this time gets the first answer if that one did not arrive (semantics: exactly-once submit). */
const repeatWindow: Millis = seconds(60);
/** How long a key that the client chose is remembered. */
const keyWindow: Millis = seconds(24 * 3600);

/**
 * Gives a repeated submit the first answer. A receipt is stored with the session or the job and removed once the answer
 * was sent. A receipt that remains belongs to an answer that nobody received, because the connection or the service
 * broke. While the first request is still being answered, an equal one is another submit, not a repetition.
 */
@Injectable()
export class ReceiptsService {
  private readonly answers: AnswerMemory;

  constructor(
    private readonly commands: Commands,
    @Inject(PROCESS_MEMORY) { answers }: ProcessMemory,
  ) {
    this.answers = answers;
  }

  /** Returns the id of what this submit created the first time; null if this is the first time. */
  async findEarlier(unit: UnitOfWork, submit: SubmitKey): Promise<string | null> {
    const window = submit.hash === null ? repeatWindow : keyWindow;
    const receipts = await unit.tx.receipts.find(submit.key, unit.at - window);
    if (submit.hash === null) {
      const unanswered = receipts.find(
        ({ subject }) =>
          ![this.answers.arrived, this.answers.leaving, this.answers.answering].some((set) =>
            set.has(subject),
          ),
      );
      if (unanswered === undefined) return null;
      this.answer(unit, unanswered.subject);
      return unanswered.subject;
    }
    const [receipt] = receipts;
    if (receipt === undefined) return null;
    if (receipt.hash !== submit.hash) throw new Refusal('key_reused', {});
    return receipt.subject;
  }

  /** Stores what a submit created, in the transaction of the submit. */
  async store(unit: UnitOfWork, { key, hash }: SubmitKey, subject: string): Promise<void> {
    await unit.tx.receipts.insert({ key, hash, subject, at: unit.at });
    this.answer(unit, subject);
  }

  /**
   * Marks the answer as being sent. If the change fails, there is no answer, and an equal submit counts as a repetition
   * in case the change was stored after all.
   */
  private answer(unit: UnitOfWork, subject: string): void {
    this.answers.answering.add(subject);
    unit.afterFailure(() => this.answers.answering.delete(subject));
  }

  /** Records that the answer about `subject` was sent, or that its connection broke first. */
  answered(subject: string, submit: SubmitKey, sent: boolean): void {
    this.answers.answering.delete(subject);
    if (sent && submit.hash === null) this.answers.arrived.add(subject);
  }

  /** Removes receipts soon after their answers arrived: after a crash, an answer with a receipt counts as lost. */
  @Interval(100)
  async sweep(): Promise<void> {
    // A change that failed has not removed its receipts, so remove them now.
    for (const subject of this.answers.leaving) this.answers.arrived.add(subject);
    if (this.answers.arrived.size === 0) return;
    await this.commands.run(async (unit) => {
      await unit.tx.receipts.removeBefore(unit.at - keyWindow);
    });
  }
}
