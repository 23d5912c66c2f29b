import { createReadStream } from 'node:fs';
import { createZstdDecompress } from 'node:zlib';
import type { Compression, WriteBlock } from './compression.ts';
import { BLOCK_BYTES, FedDecoder } from './fed-decoder.ts';
import { startsWith } from './file-ends.ts';

/** A zstd frame, or a skippable frame, which parallel compressors write first. */
const isZstd = (head: Buffer): boolean => {
  if (startsWith(head, '28b52ffd')) return true;
  const first = head[0] ?? 0;
  return first >= 0x50 && first <= 0x5f && startsWith(head.subarray(1), '2a4d18');
};

/** A file may hold several frames: Node's decoder stops silently after the first, so each frame gets its own. */
const unzstd = async (path: string, write: WriteBlock): Promise<void> => {
  const next = () => new FedDecoder(createZstdDecompress({ chunkSize: BLOCK_BYTES }), write);
  let decoder = next();
  for await (const chunk of createReadStream(path, { highWaterMark: BLOCK_BYTES })) {
    let rest: Buffer = chunk;
    for (;;) {
      const used = await decoder.feed(rest);
      if (used === rest.length) break;
      rest = rest.subarray(used);
      await decoder.end();
      decoder = next();
    }
  }
  await decoder.end();
};

export const ZSTD: Compression<'zstd'> = {
  name: 'zstd',
  recognise: ({ head }) => isZstd(head),
  decompress: unzstd,
  // Node reports a truncated frame with zlib's code.
  damageCode: /^(Z_|ZSTD_)/,
};
