import { Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { lengthened, LongText, Pieces, type Text } from './long-text.js';
import { STORE, type Store } from './ports.js';

/** Pieces per transaction. A commit takes a few milliseconds, and others can write in between. */
const atATime = 2;
/** Milliseconds. */
const sweepEach = 5000;

/**
 * Stores long texts before their owners are stored, and removes texts without an owner. Neither change is visible to
 * anyone, so neither goes through {@link Commands}.
 */
@Injectable()
export class TextsService {
  private readonly logger = new Logger(TextsService.name);
  /** Numbers of texts that are being stored, or read for the last time. */
  private readonly held = new Set<number>();
  private sweeping = false;

  constructor(@Inject(STORE) private readonly store: Store) {}

  /** Calls `use` with the stored text; `use` should store the text's owner. A short text is passed unchanged. */
  async withStored<T>(text: Text, use: (stored: Text) => Promise<T>): Promise<T> {
    const long = lengthened(text);
    if (typeof long === 'string' || long.stored !== null) return use(long);
    // Add the number before the commit, so that no sweep removes the text.
    const number = await this.store.write(async (tx) => {
      const newNumber = await tx.texts.begin();
      this.held.add(newNumber);
      return newNumber;
    });
    try {
      const bytes = await this.append(number, long);
      return await use(this.store.read.texts.storedText(number, bytes).withHead(long.head));
    } finally {
      this.held.delete(number);
    }
  }

  /** Returns a text that can be read once more after the open transaction removes its owner. */
  once(text: Text | null): Text | null {
    if (text === null || typeof text === 'string' || text.stored === null) return text;
    const { held } = this;
    const number = text.stored;
    held.add(number);
    const source = {
      bytes: text.bytes,
      async *read(from: number, to: number) {
        try {
          yield* text.slice(from, to).pieces();
        } finally {
          held.delete(number);
        }
      },
    };
    return new LongText(source);
  }

  /** Removes texts that nothing needs. */
  @Interval(sweepEach)
  async sweep(): Promise<void> {
    if (this.sweeping) return;
    this.sweeping = true;
    try {
      // A text in `held` may get an owner later. Other texts without an owner never do.
      const free = (await this.store.read.texts.unownedTexts()).filter((text) => !this.held.has(text));
      for (const text of free) while (await this.store.write((tx) => tx.texts.removeSome(text, 4 * atATime)));
    } catch (error) {
      this.logger.warn(`Texts that are no longer needed were not removed; trying again: ${String(error)}`);
    } finally {
      this.sweeping = false;
    }
  }

  private async append(number: number, text: LongText): Promise<number> {
    const pieces = new Pieces();
    let [stored, bytes] = [0, 0];
    const store = async (all: readonly Buffer[]) => {
      const from = stored;
      stored += all.length;
      bytes += all.reduce((sum, { length }) => sum + length, 0);
      await this.store.write((tx) => tx.texts.append(number, from, all));
    };
    for await (const piece of text.withHead('').pieces()) {
      pieces.add(piece);
      const full = pieces.takeFull(atATime);
      if (full.length > 0) await store(full);
    }
    const rest = pieces.all();
    if (rest.length > 0) await store(rest);
    return bytes;
  }
}
