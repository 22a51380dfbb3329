/** The most cached values. They are small, but there are many different keys. */
const maxCached = 10_000;

/** Caches values until the next write, for clients that repeat the same request in between. */
export class UntilChange<T> {
  private readonly cache = new Map<string, T>();
  private changes = 0;

  async of(key: string, compute: () => Promise<T>): Promise<T> {
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const { changes } = this;
    const value = await compute();
    if (changes === this.changes && this.cache.size < maxCached) this.cache.set(key, value);
    return value;
  }

  /** Clears the cache after a transaction was committed or rolled back. */
  changed(): void {
    this.changes += 1;
    this.cache.clear();
  }
}
