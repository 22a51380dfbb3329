import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A typical reverse proxy: it reads a whole answer before it forwards it, and sets `X-Forwarded-…`. It can lose its
 * client in between.
 */
export class Proxy {
  /** The number of next answers that are read from the service but not forwarded. */
  losing = 0;

  private constructor(private readonly server: Server) {}

  static async before(service: string): Promise<Proxy> {
    const server = createServer((incoming, answer) => {
      const forwarded = {
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'stint.example.org',
      };
      const { hostname, port } = new URL(service);
      const headers = { ...incoming.headers, ...forwarded };
      const asking = request(
        { hostname, port, method: incoming.method, path: incoming.url, headers, agent: false },
        (given) => {
          const chunks: Buffer[] = [];
          given.on('data', (chunk: Buffer) => chunks.push(chunk));
          given.on('end', () => {
            if (proxy.losing > 0) {
              proxy.losing -= 1;
              incoming.socket.destroy();
              return;
            }
            answer.writeHead(given.statusCode ?? 0, given.headers).end(Buffer.concat(chunks));
          });
        },
      );
      asking.on('error', () => incoming.socket.destroy());
      incoming.pipe(asking);
    });
    const proxy = new Proxy(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
