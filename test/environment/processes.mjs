import { readFileSync, readdirSync } from 'node:fs';

/** The environment of a process at its start, and its descendants. `command` is one line that ends with a space. */
export function processes(pid) {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(/^PPid:\s+(\d+)$/m.exec(read(name, 'status'))?.[1] ?? 0)]);
  const pids = new Set([pid]);
  for (let before = 0; before !== pids.size;) {
    before = pids.size;
    for (const [child, parent] of parents) if (pids.has(parent)) pids.add(child);
  }
  const [top, ...below] = [...pids].map((each) => ({
    command: read(each, 'cmdline').replaceAll('\0', ' '),
    environment: Object.fromEntries(pairs(read(each, 'environ'))),
  }));
  // A process that has ended has no command.
  return { environment: top.environment, below: below.filter(({ command }) => command !== '') };
}

const pairs = (text) =>
  text
    .split('\0')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);

function read(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
