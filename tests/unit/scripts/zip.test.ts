import fc from 'fast-check';
import { unzip } from '../../../scripts/unzip.ts';
import { zip } from '../../../scripts/zip.ts';

const entries = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-zä]{1,8}(\/[a-z]{1,8}){0,2}$/),
    content: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
  }),
  { selector: ({ name }) => name, maxLength: 8 },
);

test('holds every file as it was', () => {
  fc.assert(
    fc.property(entries, (files) => {
      const unpacked = unzip(zip(files));
      expect(unpacked).toEqual(new Map(files.map(({ name, content }) => [name, content])));
    }),
  );
});

test('is the same archive whatever order the files come in', () => {
  fc.assert(
    fc.property(entries, (files) => {
      expect(zip(files.toReversed()).equals(zip(files))).toBe(true);
    }),
  );
});
