/** A client in a separate process that repeats one request and records how long each answer takes. */
import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let [taken, polling] = [[], false];

function poll({ port, path, token }) {
  const began = performance.now();
  request(
    { agent, port, path, host: '127.0.0.1', headers: { authorization: `Bearer ${token}` } },
    (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode !== 200) throw new Error(`A poll was answered ${answer.statusCode}.`);
        taken.push(performance.now() - began);
        if (polling) setTimeout(() => poll({ port, path, token }), 5);
        else process.send({ taken });
      });
    },
  ).end();
}

process.on('message', (request) => {
  if (request === 'stop') {
    polling = false;
    return;
  }
  [taken, polling] = [[], true];
  poll(request);
});
