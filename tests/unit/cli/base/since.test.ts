import { parseSince } from '../../../../cli/base/since.ts';
import { UsageError } from '../../../../shared/errors.ts';

const now = new Date('2026-11-21T12:00:00Z');

test.each([
  ['90m', '2026-11-21T10:30:00.000Z'],
  ['24h', '2026-11-20T12:00:00.000Z'],
  ['3d', '2026-11-18T12:00:00.000Z'],
  ['2026-11-21', '2026-11-21T00:00:00.000Z'],
  ['2026-11-21T03:00+02:00', '2026-11-21T01:00:00.000Z'],
])('%s is a time', (text, time) => {
  expect(parseSince(text, now).toISOString()).toBe(time);
});

test.each(['', 'yesterday', '24', '-1h', '5', '48', '90', 'Nov 21', '999999999d', '2026-02-31'])(
  '%p is refused',
  (text) => {
    expect(() => parseSince(text, now)).toThrow(UsageError);
  },
);
