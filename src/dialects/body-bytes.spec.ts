import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BadRequestException } from '@nestjs/common';
import { readBytes } from './body-bytes.js';

const server = createServer();
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('readBytes', () => {
  it.each(['identity', 'gzip'])(
    'rejects with 400 if the client hangs up in mid-body (%s)',
    async (encoding) => {
      const { port } = server.address() as AddressInfo;
      const read = new Promise<unknown>((resolve) =>
        server.once('request', (request) => {
          readBytes(request, 1000, () => undefined).catch(resolve);
          request.once('data', () => socket.destroy());
        }),
      );
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `PUT / HTTP/1.1\r\nhost: x\r\ncontent-encoding: ${encoding}\r\ncontent-length: 100\r\n\r\n\x1f`,
      );
      expect(await read).toEqual(new BadRequestException('The body did not arrive whole.'));
    },
  );
});
