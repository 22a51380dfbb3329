import { Injectable } from '@nestjs/common';

/**
 * Runs changes to the same name one after the other, in order of arrival. Changes to different names do not wait. Data
 * sets and views share one name space, so both use these locks, and each change sees the result of the one before.
 */
@Injectable()
export class NameLocks {
  private readonly tails = new Map<string, Promise<unknown>>();

  async hold<T>(instance: string, name: string, work: () => Promise<T>): Promise<T> {
    const key = `${instance}\n${name.toLowerCase()}`;
    const turn = (this.tails.get(key) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.tails.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.tails.get(key) === turn) this.tails.delete(key);
    }
  }
}
