import { expect, it } from '@jest/globals';
import { LongText, inMemory, pieceSize, wholeOf } from '../../src/scheduler/long-text.js';
import type { Reads, Tx } from '../../src/scheduler/ports.js';
import { givenJob } from '../support/given.js';
import { givenDetails, keepJob } from '../support/stored.js';
import type { Given, SuiteOf } from './methods.js';

/** Two full pieces, each with a letter of its own, and a short one. */
const pieces = [Buffer.alloc(pieceSize, 'a'), Buffer.alloc(pieceSize, 'b'), Buffer.from('end')];
const bytes = 2 * pieceSize + 3;
const whole = Buffer.concat(pieces).toString();

/** Stores a text in pieces and returns its id. */
const keepText = async ({ write }: Given, parts: readonly Buffer[] = pieces) => {
  const text = await write((tx) => tx.texts.begin());
  await write((tx) => tx.texts.append(text, 0, parts));
  return text;
};
const longText = (text: number, head = '') => new LongText(inMemory(pieces), text, head);
/** Stores a text as the result of a job. */
const own = ({ write }: Given, job: string, text: LongText) => write((tx) => tx.jobs.saveResult(job, text));

export const textsSuite: SuiteOf<Tx['texts']> = {
  begin(given) {
    it('gives each text its own id, without an owner', async () => {
      const all = await given();
      const [one, two] = [await keepText(all), await keepText(all)];
      expect(one).not.toBe(two);
      expect((await all.read.texts.unownedTexts()).sort()).toEqual([one, two].sort());
    });
  },

  append(given) {
    it('appends pieces to this text only', async () => {
      const all = await given();
      const [one, two] = [await keepText(all, pieces.slice(0, 1)), await keepText(all, pieces.slice(1, 2))];
      await all.write((tx) => tx.texts.append(one, 1, pieces.slice(1)));
      expect(await wholeOf(all.read.texts.storedText(one, bytes))).toBe(whole);
      expect(await wholeOf(all.read.texts.storedText(two, pieceSize))).toBe('b'.repeat(pieceSize));
    });

    it('becomes the result of a job, with its head, which can be taken', async () => {
      const all = await given();
      await all.write((tx) => keepJob(tx, givenJob()));
      await own(all, 'j1', longText(await keepText(all), 'head '));
      const read = await all.read.result('j1');
      expect(read === null ? null : await wholeOf(read)).toBe(`head ${whole}`);
      const taken = await all.write((tx) => tx.jobs.takeResult('j1'));
      expect(taken === null ? null : await wholeOf(taken)).toBe(`head ${whole}`);
    });

    it('becomes the params of a job', async () => {
      const all = await given();
      const text = longText(await keepText(all));
      await all.write((tx) => tx.jobs.insert({ ...givenJob(), details: givenDetails() }, text));
      const read = await all.read.params('j1');
      expect(read === null ? null : await wholeOf(read)).toBe(whole);
    });
  },

  removeSome(given) {
    it('removes a limited number of pieces of this text, and returns whether more may remain', async () => {
      const all = await given();
      const [other, text] = [await keepText(all), await keepText(all)];
      const next = await keepText(all);
      const removeSome = () => all.write((tx) => tx.texts.removeSome(text, 2));
      expect(await removeSome()).toBe(true);
      expect(await all.read.texts.unownedTexts()).toContain(text);
      expect(await removeSome()).toBe(false);
      expect(await all.read.texts.unownedTexts()).toEqual([other, next]);
      for (const kept of [other, next])
        expect(await wholeOf(all.read.texts.storedText(kept, bytes))).toBe(whole);
      for (const from of [0, pieceSize, 2 * pieceSize])
        await expect(wholeOf(all.read.texts.storedText(text, bytes).slice(from, from + 3))).rejects.toThrow();
    });
  },
};

export const textsReadsSuite: SuiteOf<Reads['texts']> = {
  unownedTexts(given) {
    it('returns texts without an owner: never owned, replaced, taken, or of a removed job', async () => {
      const all = await given();
      const text = longText(await keepText(all));
      await all.write(async (tx) => {
        await tx.jobs.insert({ ...givenJob({ id: 'params' }), details: givenDetails() }, text);
        for (const id of ['kept', 'replaced', 'taken', 'removed']) await keepJob(tx, givenJob({ id }));
      });
      const texts: Record<string, number> = {};
      for (const id of ['kept', 'replaced', 'taken', 'removed']) {
        const number = (texts[id] = await keepText(all));
        await own(all, id, longText(number));
      }
      expect(await all.read.texts.unownedTexts()).toEqual([]);
      const never = await keepText(all);
      await all.write(async ({ jobs }) => {
        await jobs.saveResult('replaced', 'short');
        await jobs.takeResult('taken');
        await jobs.remove('removed');
      });
      const gone = [texts.replaced, texts.taken, texts.removed, never];
      expect((await all.read.texts.unownedTexts()).sort()).toEqual(gone.sort());
      await all.write((tx) => tx.jobs.remove('params'));
      expect(await all.read.texts.unownedTexts()).toContain(text.stored);
    });
  },

  storedText(given) {
    it('reads a range that begins and ends within pieces', async () => {
      const all = await given();
      const text = all.read.texts.storedText(await keepText(all), bytes);
      expect(text.bytes).toBe(bytes);
      expect(await wholeOf(text.slice(pieceSize - 2, pieceSize + 2))).toBe('aabb');
      expect(await wholeOf(text.slice(2 * pieceSize - 1, 2 * pieceSize + 2))).toBe('ben');
      expect(await wholeOf(text.slice(2 * pieceSize, bytes))).toBe('end');
      expect(await wholeOf(text.slice(0, 3))).toBe('aaa');
    });
  },
};
