/**
 * A closed-loop HTTP client in a separate process: each connection sends its next request when the last answer is
 * complete. It uses bare sockets, because on a machine with few cores an HTTP library costs as much as the measured
 * server.
 */
import { connect } from 'node:net';
import { serial } from './load.mjs';
import { quantile } from './stats.mjs';

process.on('message', (task) => {
  run(task).then(
    (result) => process.send(result),
    (error) => process.send({ error: String(error) }),
  );
});

/**
 * Sends `requests` (whole HTTP/1.1 messages, in turn) over `connections` for `seconds`, or until `count` are answered.
 */
async function run({ port, requests, connections, seconds = Infinity, count = Infinity }) {
  const latencies = [];
  let sent = 0;
  let failed = 0;
  let firstFailure;
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  const next = () => {
    if (performance.now() >= endsAt || sent >= count) return null;
    const message = requests[sent % requests.length];
    sent += 1;
    return message.replace(serial, String(serial + sent));
  };
  const done = (status, body, since) => {
    latencies.push(performance.now() - since);
    if (status < 300) return;
    failed += 1;
    firstFailure ??= `${status} ${body}`;
  };
  await Promise.all(Array.from({ length: connections }, () => client(port, next, done)));
  const took = (performance.now() - startedAt) / 1000;
  return {
    ...{ answered: latencies.length, failed, firstFailure, seconds: took },
    ...{ perSecond: latencies.length / took, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
  };
}

function client(port, next, done) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received = '';
    let since = 0;
    const send = () => {
      const message = next();
      if (message === null) return socket.destroy();
      since = performance.now();
      socket.write(message);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', resolve);
    socket.on('data', (chunk) => {
      // Answers here are ASCII, so bytes and characters are the same.
      received += chunk.toString('latin1');
      const head = received.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < head + 4 + length) return;
      done(Number(received.slice(9, 12)), received.slice(head + 4), since);
      received = '';
      send();
    });
  });
}
