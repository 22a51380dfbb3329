import { Logger } from '@nestjs/common';

/** How long news that could not be stored waits for its next try; doubled each time up to the second value. */
const [firstRetry, longestRetry] = [100, 5000];

/** Tells what a lane or a slot waits for until it is stored. */
export class Teller {
  private readonly logger = new Logger('Runners');
  private closed = false;

  /** From now on nothing is told: the service is stopping. */
  close(): void {
    this.closed = true;
  }

  /** Resolves when `tell` has worked. */
  tell(what: string, tell: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const attempt = (wait: number): void => {
        if (this.closed) return;
        tell().then(resolve, (error: unknown) => {
          this.logger.error(`${what} was not stored, trying again in ${wait} ms: ${String(error)}`);
          setTimeout(() => attempt(Math.min(2 * wait, longestRetry)), wait).unref();
        });
      };
      attempt(firstRetry);
    });
  }
}
