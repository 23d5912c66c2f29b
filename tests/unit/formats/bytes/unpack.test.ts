import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { unpack } from '../../../../shared/formats/bytes/unpack.ts';
import { scratch } from '../../../helpers/scratch.ts';

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('%s on a full disk is the machine’s fault, not the file’s', async (_, compress) => {
  const folder = scratch();
  const file = path.join(folder, 'file');
  writeFileSync(file, compress(Buffer.from('id\n1\n')));
  symlinkSync('/dev/full', path.join(folder, 'unpacked'));
  await expect(unpack(file, folder, 1_000)).rejects.toMatchObject({ code: 'ENOSPC' });
});
