const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export const seconds = (since) => {
  const passed = (performance.now() - since) / 1000;
  return passed < 10 ? `${passed.toFixed(1)} s` : `${Math.round(passed)} s`;
};

/**
 * Prints numbered steps with their durations. On a terminal, one line shows what the current step is doing; elsewhere
 * only outcomes are printed.
 */
export class Steps {
  #number = 0;

  constructor(total, stream = process.stdout) {
    this.total = total;
    this.stream = stream;
    this.live = Boolean(stream.isTTY) && !process.env.CI;
  }

  /** Prints a skipped step with the reason. */
  skip(title, why) {
    this.#number += 1;
    this.stream.write(`[${this.#number}/${this.total}] ${title}: ${why}\n`);
  }

  /** Runs `work(tell)`. `tell` shows what is happening now; the returned text is shown as the outcome. */
  async step(title, work) {
    this.#number += 1;
    const label = `[${this.#number}/${this.total}] ${title}`;
    const began = performance.now();
    const line = this.live ? new LiveLine(this.stream, label, began) : null;
    try {
      const outcome = await work((text) => line?.tell(text));
      line?.clear();
      this.stream.write(`${label}: ${outcome ?? 'done'} (${seconds(began)})\n`);
    } catch (error) {
      line?.clear();
      this.stream.write(`${label}: failed (${seconds(began)})\n`);
      throw error;
    }
  }
}

class LiveLine {
  #text = '';
  #frame = 0;

  constructor(stream, label, began) {
    this.stream = stream;
    this.label = label;
    this.began = began;
    this.timer = setInterval(() => this.#draw(), 120);
    this.#draw();
  }

  tell(text) {
    // Prints only plain text, because cursor movements of a program would break the line.
    const plain = text
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      .replace(/[\u0000-\u001f]/g, ' ')
      .trim();
    if (plain) this.#text = plain;
  }

  clear() {
    clearInterval(this.timer);
    this.stream.write('\r\u001b[K');
  }

  #draw() {
    this.#frame = (this.#frame + 1) % frames.length;
    const line = `${frames[this.#frame]} ${this.label}  ${seconds(this.began)}  ${this.#text}`;
    this.stream.write(`\r\u001b[K${line.slice(0, (this.stream.columns || 80) - 1)}`);
  }
}
