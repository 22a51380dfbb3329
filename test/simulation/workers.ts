import { fork, type ChildProcess } from 'node:child_process';
import type { Done, Tally } from './tally.js';

interface Shares {
  readonly first: number;
  readonly count: number;
  readonly workers: number;
}

/**
 * Runs the seeds in several processes, each with every n-th seed. The first process that finds a broken law reports it,
 * and the others are ended. Returns null if every law held.
 */
export async function shareOut({ first, count, workers }: Shares, tally: Tally): Promise<number | null> {
  const children = new Set<ChildProcess>();
  const [script = '', ...args] = process.argv.slice(1);
  let verdict: number | null = null;
  const work = (own: number, seeds: number) =>
    new Promise<void>((resolve) => {
      // The last value of an option wins.
      const mine = ['--workers', 1, '--stride', workers, '--seed', first + own, '--seeds', seeds].map(String);
      const child = fork(script, [...args, ...mine]);
      children.add(child);
      let done = 0;
      child.on('message', (message) => {
        done += 1;
        tally.add(message as Done);
        if (verdict === null) tally.print();
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
