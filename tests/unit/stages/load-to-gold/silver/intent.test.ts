import {
  filesOfIntent,
  type Intent,
  intentFromJson,
  intentToJson,
} from '../../../../../shared/stages/load-to-gold/silver/intent.ts';
import { intentOf, keysFile } from '../../../../helpers/silver-plan.ts';

const intent = intentOf('a', 1, { files: [keysFile('a1', 1, 2), keysFile('a2', 3, 4)] });
const stored = (change: (json: Record<string, unknown>) => unknown = (json) => json): Buffer =>
  Buffer.from(JSON.stringify(change(JSON.parse(intentToJson(intent)))));
const withoutKey = ({
  staged: { key: _, ...staged },
  ...rest
}: Intent): Omit<Intent, 'staged'> & { staged: unknown } => ({
  ...rest,
  staged,
});

test('an intent is read as it was written', () => {
  expect(intentFromJson(stored())).toEqual(intent);
});

test('an intent of an earlier build does not name the key of its files', () => {
  expect(intentFromJson(stored(() => ({ format: 1, ...withoutKey(intent) })))).toEqual(withoutKey(intent));
});

test('keys of a later build are ignored', () => {
  expect(intentFromJson(stored((json) => ({ ...json, later: 1 })))).toEqual(intent);
});

test.each<[string, Buffer, string[]]>([
  ['of this release', stored(), ['a1', 'a2']],
  ['of another format', stored((json) => ({ ...json, format: 2 })), ['a1', 'a2']],
  ['of a release that knows no fingerprint', stored(({ fingerprint: _, ...json }) => json), ['a1', 'a2']],
  ['that names files by their keys alone', Buffer.from('{"staged":{"files":[{"key":"x"}]}}'), ['x']],
  ['without files', stored(({ staged: _, ...json }) => json), []],
  ['that is cut', stored().subarray(1), []],
  ['that is null', Buffer.from('null'), []],
])(
  'maintenance keeps the files of an intent %s; only one that is whole is taken along',
  (name, body, keys) => {
    expect(filesOfIntent(body)).toEqual(keys);
    expect(intentFromJson(body)).toEqual(name === 'of this release' ? intent : undefined);
  },
);
