import { murmur3 } from '../../../../shared/lake/iceberg/bucket.ts';
import { bytesOfUnscaled } from '../../../../shared/lake/iceberg/numbers.ts';
import { encodeValue } from '../../../../shared/lake/iceberg/single-value.ts';
import type { PrimitiveType } from '../../../../shared/lake/iceberg/types.ts';

const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
};
const micros = (type: PrimitiveType, text: string): Buffer => encodeValue(type, text) ?? Buffer.alloc(0);

// The specification's own values (Appendix B).
test.each([
  ['int or long 34', long(34n), 2017239379],
  ['decimal 14.20', bytesOfUnscaled(1420n), -500754589],
  ['date 2017-11-16', long(17486n), -653330422],
  ['time 22:31:08', micros('time', '22:31:08'), -662762989],
  ['timestamp', micros('timestamp', '2017-11-16 22:31:08'), -2047944441],
  ['timestamp with microseconds', micros('timestamp', '2017-11-16 22:31:08.000001'), -1207196810],
  ['timestamptz 14:31:08-08:00', micros('timestamptz', '2017-11-16 22:31:08+00'), -2047944441],
  ['string', Buffer.from('iceberg'), 1210000089],
  ['uuid', micros('uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'), 1488055340],
  ['binary', Buffer.from([0, 1, 2, 3]), -188683207],
  ['nothing', Buffer.alloc(0), 0],
])('hash of %s', (_, bytes, hash) => {
  expect(murmur3(bytes)).toBe(hash);
});
