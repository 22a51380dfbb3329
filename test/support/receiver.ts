import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into it by path
  readonly body: any;
}

/** A receiver of webhooks. It answers with the given statuses, then with 204. */
export class Receiver {
  readonly received: Received[] = [];
  /** Statuses of the next answers; `hang`: no answer. */
  answers: (number | 'hang')[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.received.push({
          headers: request.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()),
        });
        const answer = receiver.answers.shift() ?? 204;
        if (answer === 'hang') return;
        response.writeHead(answer, answer === 302 ? { location: receiver.url } : {}).end();
      });
    });
    const receiver = new Receiver(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  get statuses(): string[] {
    return this.received.map(({ body }) => body.status as string);
  }

  until(count: number): Promise<unknown> {
    return eventually(`${count} webhooks`, () => this.received.length >= count);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
