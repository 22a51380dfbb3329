import type { Millis } from '../kernel/time.js';
import type { Token } from '../scheduler/ports.js';

export interface Opened {
  readonly token: Token;
  /** A bearer token's own end, on the wall clock. */
  readonly until: Millis;
}

const mostKept = 10_000;

/**
 * What credentials opened when they were looked up, by their digest. The service is the only writer of its database and
 * calls `forget` before it answers that a token has changed, so a revocation holds at once. What was being looked up at
 * that moment is not kept: it may have been read before.
 */
export class TokenCache {
  private readonly kept = new Map<string, Opened>();
  private generation = 0;

  async find(digest: string, look: () => Promise<Opened | null>): Promise<Opened | null> {
    const known = this.kept.get(digest);
    if (known !== undefined) return known;
    const { generation } = this;
    const found = await look();
    if (found !== null && generation === this.generation) {
      if (this.kept.size >= mostKept) this.kept.clear();
      this.kept.set(digest, found);
    }
    return found;
  }

  forget(): void {
    this.generation += 1;
    this.kept.clear();
  }
}
