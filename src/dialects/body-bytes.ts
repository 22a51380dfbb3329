import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { BadRequestException, HttpException, PayloadTooLargeException } from '@nestjs/common';
import { pieceSize } from '../scheduler/long-text.js';

/** Bytes of one body that are handled before others have a turn. */
const eachTurn = 4 * pieceSize;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const decoders = {
  gzip: () => createGunzip({ chunkSize: pieceSize }),
  'x-gzip': () => createGunzip({ chunkSize: pieceSize }),
  deflate: () => createInflate({ chunkSize: pieceSize }),
  br: () => createBrotliDecompress({ chunkSize: pieceSize }),
};

/** Livy's Java client calls UTF-8 an encoding of its content (Livy dialect, headers). */
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
 * Hands the bytes of a body to `take` as they come, unpacked where they are packed. Resolves with their number when all have
 * been taken. A body that has more than `limit` is refused: unpacked too, so that a few kilobytes cannot become gigabytes.
 */
export function readBytes(
  payload: IncomingMessage,
  limit: number,
  take: (chunk: Buffer) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const encoding = payload.headers['content-encoding'] ?? '';
    const decoder = decoderFor(encoding);
    let [size, sent, sinceTurn] = [0, 0, 0];
    const source: Readable = decoder === null ? payload : payload.pipe(decoder);
    // A client that is busy sending does not listen.
    const whenSent = (then: () => void) => (payload.readableEnded ? then() : payload.on('end', then));
    const tooLarge = () => {
      const said =
        decoder === null
          ? `The body has ${megabytes(size)} MB, more than the limit of ${megabytes(limit)} MB.`
          : `The body has more than the limit of ${megabytes(limit)} MB when it is unpacked.`;
      reject(new PayloadTooLargeException(said));
    };
    // A body that is too large is still read to its end, and thrown away.
    payload.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (sent <= 16 * limit) return;
      tooLarge();
      payload.destroy();
    });
    source.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        if (decoder === null) return;
        // No more of it is unpacked; what is still sent goes nowhere.
        payload.unpipe(decoder);
        decoder.destroy();
        payload.resume();
        whenSent(tooLarge);
        return;
      }
      take(chunk);
      sinceTurn += chunk.length;
      if (sinceTurn < eachTurn) return;
      sinceTurn = 0;
      source.pause();
      setImmediate(() => source.resume());
    });
    source.on('end', () => (size > limit ? tooLarge() : resolve(size)));
    payload.on('error', (error: NodeJS.ErrnoException) => {
      decoder?.destroy();
      // Nobody reads this answer: what counts is that the log shows no failure of the service.
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
