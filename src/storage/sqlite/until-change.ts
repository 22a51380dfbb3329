/** More answers than this are not kept: they are small, but the questions are many. */
const mostKept = 10_000;

/** Answers that hold until anything is written, for those who ask the same again and again in between. */
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

  /** A transaction was committed or undone. */
  changed(): void {
    this.changes += 1;
    this.kept.clear();
  }
}
