import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { Compression, WriteBlock } from './compression.ts';
import { BLOCK_BYTES, FedDecoder } from './fed-decoder.ts';
import { startsWith } from './file-ends.ts';

/** A file may hold several members: Node's decoder goes from one to the next by itself. */
const gunzip = async (path: string, write: WriteBlock): Promise<void> => {
  const decoder = new FedDecoder(createGunzip({ chunkSize: BLOCK_BYTES }), write);
  for await (const chunk of createReadStream(path, { highWaterMark: BLOCK_BYTES })) await decoder.feed(chunk);
  await decoder.end();
};

export const GZIP: Compression<'gzip'> = {
  name: 'gzip',
  recognise: ({ head }) => startsWith(head, '1f8b'),
  decompress: gunzip,
  damageCode: /^Z_/,
};
