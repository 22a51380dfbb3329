import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Refusal } from '../kernel/refusal.js';
import { seconds, type Millis } from '../kernel/time.js';
import { Commands } from './commands.service.js';
import { PROCESS_MEMORY, type AnswerMemory, type ProcessMemory } from './process-memory.ports.js';
import type { Unit } from './unit.js';

/** How one submit is recognised when it comes again. */
export interface SubmitKey {
  /** Of token, path and body; or of token, path and the client's `Idempotency-Key`. */
  readonly key: string;
  /** Of the body, where the client named the key: another body under the same key is a mistake. */
  readonly hash: string | null;
}

/** The same body again within this time gets the first answer, if that one did not arrive (semantics: exactly-once submit). */
const repeatWindow: Millis = seconds(60);
/** A key that the client chose is remembered for a day. */
const keyWindow: Millis = seconds(24 * 3600);

/**
 * Makes a repeated submit get the first answer. A receipt is stored with the session or job; it goes when the answer has
 * been sent. One that stays belongs to an answer nobody got, because the connection or the service broke first. While the
 * first request is still being answered, an equal one is another submit and not a repetition.
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

  /** What this submit made the first time, or null when it comes for the first time. */
  async earlier(unit: Unit, submit: SubmitKey): Promise<string | null> {
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

  /** Notes what a submit made, in its own transaction. */
  async keep(unit: Unit, { key, hash }: SubmitKey, subject: string): Promise<void> {
    await unit.tx.receipts.insert({ key, hash, subject, at: unit.at });
    this.answer(unit, subject);
  }

  /** Where the change fails there will be no answer, and an equal submit is a repetition if anything was stored after all. */
  private answer(unit: Unit, subject: string): void {
    this.answers.answering.add(subject);
    unit.afterFailure(() => this.answers.answering.delete(subject));
  }

  /** The answer about `subject` was sent, or its connection broke before. */
  answered(subject: string, submit: SubmitKey, sent: boolean): void {
    this.answers.answering.delete(subject);
    if (sent && submit.hash === null) this.answers.arrived.add(subject);
  }

  /** Soon, because after a crash an answer whose receipt is still there counts as lost. */
  @Interval(100)
  async sweep(): Promise<void> {
    // What a change that failed wanted to take away is still there.
    for (const subject of this.answers.leaving) this.answers.arrived.add(subject);
    if (this.answers.arrived.size === 0) return;
    await this.commands.run(async (unit) => {
      await unit.tx.receipts.removeBefore(unit.at - keyWindow);
    });
  }
}
