/** `work PORT QUEUE COUNT` runs COUNT jobs one at a time. `add PORT QUEUE COUNT CLIENTS` submits them. */
import { Queue, Worker } from 'bullmq';

const [, , role, port, name, count, clients] = process.argv;
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };

if (role === 'work') {
  let done = 0;
  const worker = new Worker(name, async () => null, { connection, concurrency: 1 });
  worker.on('completed', () => {
    done += 1;
    if (done === Number(count)) process.send('done');
  });
  await worker.waitUntilReady();
  process.send('ready');
} else {
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  let sent = 0;
  const client = async () => {
    while (sent < Number(count)) {
      sent += 1;
      await queue.add('noop', { program_id: 'sampler', serial: sent });
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: Number(clients) }, client));
  process.send((1000 * Number(count)) / (performance.now() - startedAt));
}
