/** Most cached values. They are small, but there are many different keys. */
const mostKept = 10_000;

/** Caches values until the next write, for clients that repeat the same request in between. */
export class UntilChange<T> {
  private readonly kept = new Map<string, T>();
  private changes = 0;

  async of(question: string, answer: () => Promise<T>): Promise<T> {
    const known = this.kept.get(question);
    if (known !== undefined) return known;
    const { changes } = this;
    const found = await answer();
    if (changes === this.changes && this.kept.size < mostKept) this.kept.set(question, found);
    return found;
  }

  /** Clears the cache after a transaction was committed or rolled back. */
  changed(): void {
    this.changes += 1;
    this.kept.clear();
  }
}
