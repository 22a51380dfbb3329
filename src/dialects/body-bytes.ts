import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { BadRequestException, HttpException, PayloadTooLargeException } from '@nestjs/common';
import { pieceSize } from '../scheduler/long-text.js';

/** Bytes of one body to handle before the event loop may serve other requests. */
const bytesPerTurn = 4 * pieceSize;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const decoders = {
  gzip: () => createGunzip({ chunkSize: pieceSize }),
  'x-gzip': () => createGunzip({ chunkSize: pieceSize }),
  deflate: () => createInflate({ chunkSize: pieceSize }),
  br: () => createBrotliDecompress({ chunkSize: pieceSize }),
};

/** Values that mean "not compressed". Livy's Java client sends UTF-8 as Content-Encoding (Livy dialect, headers). */
const noEncodings = ['', 'identity', 'utf-8', 'utf8'];

function decoderFor(encoding: string) {
  const name = encoding.trim().toLowerCase();
  if (noEncodings.includes(name)) return null;
  if (Object.hasOwn(decoders, name)) return decoders[name as keyof typeof decoders]();
  throw new HttpException(
    `A body with Content-Encoding ${encoding.slice(0, 60)} cannot be read: send it with gzip, deflate or br, or as it is.`,
    415,
  );
}

/**
 * Passes the decompressed bytes of a body to `take` as they arrive, and resolves with their number at the end. Rejects
 * a body of more than `limit` bytes. The limit applies after decompression, so that a few kilobytes cannot become
 * gigabytes.
 */
export function readBytes(
  payload: IncomingMessage,
  limit: number,
  take: (chunk: Buffer) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const encoding = payload.headers['content-encoding'] ?? '';
    const decoder = decoderFor(encoding);
    let [size, received, sinceTurn] = [0, 0, 0];
    const source: Readable = decoder === null ? payload : payload.pipe(decoder);
    // Wait until the client has sent everything: most clients read no answer before that.
    const whenSent = (then: () => void) => (payload.readableEnded ? then() : payload.on('end', then));
    const rejectTooLarge = () => {
      const message =
        decoder === null
          ? `The body has ${megabytes(size)} MB, more than the limit of ${megabytes(limit)} MB.`
          : `The body has more than the limit of ${megabytes(limit)} MB when it is unpacked.`;
      reject(new PayloadTooLargeException(message));
    };
    // Read a body that is too large to its end and discard it, but hang up at 16 times the limit.
    payload.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received <= 16 * limit) return;
      rejectTooLarge();
      payload.destroy();
    });
    source.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        if (decoder === null) return;
        // Stop decompressing and discard the rest.
        payload.unpipe(decoder);
        decoder.destroy();
        payload.resume();
        whenSent(rejectTooLarge);
        return;
      }
      take(chunk);
      sinceTurn += chunk.length;
      if (sinceTurn < bytesPerTurn) return;
      sinceTurn = 0;
      source.pause();
      setImmediate(() => source.resume());
    });
    source.on('end', () => (size > limit ? rejectTooLarge() : resolve(size)));
    payload.on('error', (error: NodeJS.ErrnoException) => {
      decoder?.destroy();
      // The client has disconnected, so nobody reads this answer. It keeps a 500 out of the log.
      reject(error.code === 'ECONNRESET' ? new BadRequestException('The body did not arrive whole.') : error);
    });
    decoder?.on('error', (error: NodeJS.ErrnoException) => {
      payload.unpipe(decoder);
      payload.resume();
      const flaw = new BadRequestException(
        `The body cannot be unpacked as ${encoding}: ${error.message.replace(/\.$/, '')}.`,
      );
      whenSent(() => reject(flaw));
    });
  });
}
