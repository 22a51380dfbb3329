import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Returns the URL at which a listening server can be reached. Uses loopback if the server listens on all addresses. */
export function urlOf(server: Server, tls: boolean): string {
  const { address, port, family } = server.address() as AddressInfo;
  const host =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[address] ?? (family === 'IPv6' ? `[${address}]` : address);
  return `${tls ? 'https' : 'http'}://${host}:${port}`;
}

/** Host and port to listen on, and the configuration keys that set them. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly keys: { readonly host: string; readonly port: string };
}

/** Replaces Node's error by one for the operator that names the configuration key; returns other errors unchanged. */
export function cannotListen(error: unknown, place: ListenAddress): unknown {
  const why = reasonOf(error as NodeJS.ErrnoException, place);
  return why === null ? error : new Error(why, { cause: error });
}

function reasonOf(error: NodeJS.ErrnoException, { host, port, keys }: ListenAddress): string | null {
  if (error.code === 'EADDRINUSE')
    return `Another program listens on port ${port} of ${host}. Choose another port with ${keys.port}.`;
  if (error.code === 'EACCES')
    return `This user may not listen on port ${port}. Choose one above 1023 with ${keys.port}.`;
  if (error.code === 'EADDRNOTAVAIL' || error.syscall === 'getaddrinfo')
    return `${host} is no address of this computer. Choose one with ${keys.host}: 127.0.0.1, or 0.0.0.0 for all it has.`;
  return null;
}
