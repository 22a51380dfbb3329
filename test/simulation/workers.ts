import { fork, type ChildProcess } from 'node:child_process';
import type { Done, Tally } from './tally.js';

interface Shares {
  readonly first: number;
  readonly count: number;
  readonly workers: number;
}

/**
 * Runs the seeds in several processes that are like this one, each with every so manieth seed. The first that finds a
 * broken law tells it, and the others are ended. Answers null when every law held.
 */
export async function shareOut({ first, count, workers }: Shares, tally: Tally): Promise<number | null> {
  const children = new Set<ChildProcess>();
  const [script = '', ...given] = process.argv.slice(1);
  let verdict: number | null = null;
  const work = (own: number, seeds: number) =>
    new Promise<void>((resolve) => {
      // The last one given holds.
      const mine = ['--workers', 1, '--stride', workers, '--seed', first + own, '--seeds', seeds].map(String);
      const child = fork(script, [...given, ...mine]);
      children.add(child);
      let done = 0;
      child.on('message', (message) => {
        done += 1;
        tally.add(message as Done);
        if (verdict === null) tally.tell();
      });
      child.on('exit', (code) => {
        children.delete(child);
        if (verdict === null && done < seeds) {
          verdict = code ?? 1;
          for (const other of children) other.kill();
        }
        resolve();
      });
    });
  const shares = Array.from({ length: Math.min(workers, count) }, (_, own) =>
    work(own, Math.ceil((count - own) / workers)),
  );
  await Promise.all(shares);
  return verdict;
}
