import { Logger } from '@nestjs/common';

/** Milliseconds before the first and before a later retry; the delay doubles from the first to the second value. */
const [firstRetry, longestRetry] = [100, 5000];

/** Repeats a change until it is stored, because a lane or a slot stays taken until then. */
export class Retry {
  private readonly logger = new Logger('Runners');
  private closed = false;

  /** Stops all retries: the service is stopping. */
  close(): void {
    this.closed = true;
  }

  /** Resolves when `store` has succeeded. The log names `what`. */
  untilStored(what: string, store: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const attempt = (wait: number): void => {
        if (this.closed) return;
        store().then(resolve, (error: unknown) => {
          this.logger.error(`${what} was not stored, trying again in ${wait} ms: ${String(error)}`);
          setTimeout(() => attempt(Math.min(2 * wait, longestRetry)), wait).unref();
        });
      };
      attempt(firstRetry);
    });
  }
}
