import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a server that listens can be reached. One that listens everywhere is also on loopback. */
export function urlOf(server: Server, tls: boolean): string {
  const { address, port, family } = server.address() as AddressInfo;
  const host =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[address] ?? (family === 'IPv6' ? `[${address}]` : address);
  return `${tls ? 'https' : 'http'}://${host}:${port}`;
}

/** Where something listens, and what the two are called where they are configured. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly keys: { readonly host: string; readonly port: string };
}

/** Why nothing can listen there, in words for whoever configured it; Node's are for its programmers. */
export function cannotListen(error: unknown, place: Place): unknown {
  const why = reasonOf(error as NodeJS.ErrnoException, place);
  return why === null ? error : new Error(why, { cause: error });
}

function reasonOf(error: NodeJS.ErrnoException, { host, port, keys }: Place): string | null {
  if (error.code === 'EADDRINUSE')
    return `Another program listens on port ${port} of ${host}. Choose another port with ${keys.port}.`;
  if (error.code === 'EACCES')
    return `This user may not listen on port ${port}. Choose one above 1023 with ${keys.port}.`;
  if (error.code === 'EADDRNOTAVAIL' || error.syscall === 'getaddrinfo')
    return `${host} is no address of this computer. Choose one with ${keys.host}: 127.0.0.1, or 0.0.0.0 for all it has.`;
  return null;
}
