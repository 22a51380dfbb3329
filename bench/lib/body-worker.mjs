/** A client in a separate process that sends and fetches tens of megabytes, so that it delays no other client. */
import { request } from 'node:http';

const piece = Buffer.alloc(1_000_000);

/** The body is `head`, then `fill` repeated up to the given number of bytes, then `tail`. */
function send({ port, method, path, token, head, fill, bytes, tail, type }) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'api-key': token };
    if (head !== undefined) {
      headers['content-length'] = head.length + bytes + tail.length;
      headers['content-type'] = type ?? 'application/json';
    }
    const sending = request({ port, method, path, headers, host: '127.0.0.1' }, (answer) => {
      let [size, text] = [0, ''];
      answer.on('data', (chunk) => {
        size += chunk.length;
        if (text.length < 2000) text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode, size, text }));
      answer.on('error', reject);
    });
    sending.on('error', reject);
    void (async () => {
      if (head === undefined) return sending.end();
      for (let at = 0; at < piece.length; at += fill.length) piece.write(fill, at);
      sending.write(head);
      for (let remaining = bytes; remaining > 0; remaining -= piece.length) {
        const chunk = piece.subarray(0, Math.min(remaining, piece.length));
        if (!sending.write(chunk)) await new Promise((drained) => sending.once('drain', drained));
      }
      sending.end(tail);
    })();
  });
}

process.on('message', (request) => {
  send(request).then(
    (answer) => process.send(answer),
    (error) => process.send({ error: String(error) }),
  );
});
