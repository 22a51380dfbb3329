import { Injectable } from '@nestjs/common';

/**
 * Changes of what has one name take their turns, in the order in which they came; other names do not wait. Data sets and
 * views share one name space, so both ask here: each finds what the one before has left.
 */
@Injectable()
export class NameLocks {
  private readonly tails = new Map<string, Promise<unknown>>();

  async hold<T>(instance: string, name: string, work: () => Promise<T>): Promise<T> {
    const key = `${instance}\n${name.toLowerCase()}`;
    const mine = (this.tails.get(key) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.tails.get(key) === mine) this.tails.delete(key);
    }
  }
}
