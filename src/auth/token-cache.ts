import type { Millis } from '../kernel/time.js';
import type { Token } from '../scheduler/ports.js';

export interface CachedToken {
  readonly token: Token;
  /** When a bearer token expires, on the wall clock; Infinity for an API token. */
  readonly until: Millis;
}

const maxEntries = 10_000;

/**
 * Caches the token of each credential by the credential's digest. The service is the only writer of its database and
 * calls `forget` before it answers that a token has changed, so a revocation takes effect at once. A look-up that is
 * under way at that moment is not cached, because it may have read the old state.
 */
export class TokenCache {
  private readonly entries = new Map<string, CachedToken>();
  private generation = 0;

  async find(digest: string, lookUp: () => Promise<CachedToken | null>): Promise<CachedToken | null> {
    const cached = this.entries.get(digest);
    if (cached !== undefined) return cached;
    const { generation } = this;
    const entry = await lookUp();
    if (entry !== null && generation === this.generation) {
      if (this.entries.size >= maxEntries) this.entries.clear();
      this.entries.set(digest, entry);
    }
    return entry;
  }

  forget(): void {
    this.generation += 1;
    this.entries.clear();
  }
}
