import { gzipSync } from 'node:zlib';
import { validate } from '../../../functions/validate.ts';
import { FileTooLarge, InvalidInput, ObjectMissing, UnknownDataset } from '../../../shared/errors.ts';
import { ObjectCreated } from '../../../shared/run/event.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import { type Bench, bench, contentsOf, envelope } from '../../helpers/steps.ts';

const CSV = 'id,name\n1,Ada\nx,Bo\n3\n';

test('returns the counts of what was read, and stages every record, the rejected ones once more', async () => {
  const { lake, context, put } = bench();
  const event = await put(CSV);
  const { usage, ...output } = await validate(envelope(event), context);
  expect(output).toMatchObject({
    run: { dataset: 'people', key: 'people/file', bucket: 'raw' },
    contract_version: '1.0.0',
    format: 'csv, utf-8',
    source_bytes: CSV.length,
    rows: { read: 3, accepted: 1, rejected: 2 },
    unknown_columns: [],
  });
  expect(Object.values(output.staged).toSorted()).toEqual(Object.keys(await contentsOf(lake.silver)));
  expect(usage.bytes_written).toBeGreaterThan(0);
  expect(String(await lake.raw.read('people/file'))).toBe(CSV);
});

test('for a clean file, no rejected records are staged', async () => {
  const { context, put } = bench();
  const { staged } = await validate(envelope(await put('id,name\n1,Ada\n')), context);
  expect(staged.rejected).toBeUndefined();
});

test('the same event again writes the same bytes under the same keys', async () => {
  const { lake, context, put } = bench();
  const event = await put(CSV);
  await validate(envelope(event), context);
  const before = await contentsOf(lake.silver);
  await validate(envelope(event), context);
  expect(await contentsOf(lake.silver)).toEqual(before);
});

test.each<[string | Buffer, string]>([
  [gzipSync(CSV), 'csv, utf-8, gzip'],
  [Buffer.from('id,name\n1,Zoë\n', 'latin1'), 'csv, windows-1252'],
  ['{"id": 1, "name": "Ada"}\n', 'ndjson, utf-8'],
  ['[{"id": 1, "name": "Ada"}]', 'json, utf-8'],
])('returns the format that it detected (%#)', async (content, format) => {
  const { context, put } = bench();
  expect(await validate(envelope(await put(content)), context)).toMatchObject({ format });
});

test('the payload stays small, whatever the file calls its columns', async () => {
  const { context, put } = bench();
  const extra = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}`.padStart(150, 'x'), i]));
  const output = await validate(
    envelope(await put(JSON.stringify({ id: 1, name: 'Ada', ...extra }))),
    context,
  );
  expect(output.unknown_columns).toHaveLength(20);
  expect(JSON.stringify(output).length).toBeLessThan(8192);
});

test('it fails when the version of the event is gone, the dataset is unknown, or the input is invalid', async () => {
  const { context, put } = bench();
  const event = await put(CSV);
  const gone = structuredClone(event);
  gone.detail.object['version-id'] = '0000000000000000-gone';
  await expect(validate(envelope(gone), context)).rejects.toThrow(ObjectMissing);
  await expect(validate(envelope(await put(CSV, 'nobody/file')), context)).rejects.toThrow(UnknownDataset);
  await expect(validate(envelope({ key: 'people/file' }), context)).rejects.toThrow(InvalidInput);
});

const stagedOf = async (lake: Bench['lake']): Promise<unknown[]> =>
  Object.values(await contentsOf(lake.silver)).map((text) => JSON.parse(atob(text)));

test.each([
  ['id,name\n', 'EmptyFile', {}],
  ['\0\0\0', 'UnreadableFile', {}],
  ['{"a": 1}\n{"a": 2}\n', 'ContractMismatch', { format: 'ndjson, utf-8', records: 2 }],
])(
  'of a file that is refused, the contract and what is known is staged for Quarantine (%#)',
  async (content, error, known) => {
    const { lake, context, put } = bench();
    await expect(validate(envelope(await put(content)), context)).rejects.toMatchObject({ name: error });
    expect(await stagedOf(lake)).toEqual([
      {
        error,
        ...{ contract_version: '1.0.0', contract_fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
        source_bytes: content.length,
        ...known,
      },
    ]);
  },
);

test('of a fault, and of a dataset without a contract, nothing is staged', async () => {
  const { lake, context, put } = bench();
  const gone = await put(CSV);
  gone.detail.object['version-id'] = '0000000000000000-gone';
  await expect(validate(envelope(gone), context)).rejects.toThrow(ObjectMissing);
  await expect(validate(envelope(await put(CSV, 'nobody/file')), context)).rejects.toThrow(UnknownDataset);
  expect(await stagedOf(lake)).toEqual([]);
});

test('the run is that of the version and the contract; the input of the next Validate is handed on', async () => {
  const { context, put } = bench();
  const event = { ...(await put(CSV)), replay: { requested_at: '2024-01-02T03:04:05Z' } };
  const { run, again } = await validate(envelope(event), context);
  expect(run).toEqual(identify(event, run.contract_fingerprint));
  expect(run).toMatchObject({
    contract_fingerprint: expect.any(String),
    replayed_at: event.replay.requested_at,
  });
  expect(event).toMatchObject(ObjectCreated.parse(again));
  expect(again).toHaveProperty('replay');
  const second = await validate(envelope(again), context);
  expect(second.run).toEqual(run);
  expect(second.again?.restarts).toMatchObject({
    in_vain: 1,
    contract_fingerprint: run.contract_fingerprint,
  });
});

test('a file that is too large by its event is not downloaded', async () => {
  const { lake, context, put } = bench();
  const event = await put(CSV);
  const downloads: string[] = [];
  const raw = lake.raw.observed((kind) => downloads.push(kind));
  const limited = { lake: { ...lake, raw }, config: { ...context.config, maxFileBytes: 8192 * 2 ** 20 } };
  const huge = structuredClone(event);
  huge.detail.object.size = 50 * 2 ** 30;
  const refused = validate(envelope(huge), limited);
  await expect(refused).rejects.toThrow(FileTooLarge);
  await expect(refused).rejects.toThrow('The file has 51,200 MB, and at most 8,192 MB are processed');
  expect(downloads).toEqual([]);
  await validate(envelope(event), limited);
  expect(downloads).toEqual(['get']);
});

test.each(['people/_SUCCESS', 'people/_temporary/0/part.csv', 'people/2024_$folder$'])(
  '%s is ignored: nothing is read or stored',
  async (key) => {
    const { lake, context, put } = bench();
    const event = await put(CSV, key);
    await expect(validate(envelope(event), context)).rejects.toMatchObject({
      name: 'KeyIgnored',
      message: expect.stringMatching(/was ignored: .*\.$/),
    });
    expect(await contentsOf(lake.silver)).toEqual({});
    expect(await contentsOf(lake.quarantine)).toEqual({});
  },
);
