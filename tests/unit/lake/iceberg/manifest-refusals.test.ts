import { TableDamaged } from '../../../../shared/errors.ts';
import { decodeAvro, encodeAvro } from '../../../../shared/lake/iceberg/avro-file.ts';
import { type ManifestInput, readManifest } from '../../../../shared/lake/iceberg/manifest.ts';
import type { ManifestEntry } from '../../../../shared/lake/iceberg/types.ts';
import { entry, roundTrip, schema } from '../../../helpers/manifest-cases.ts';

/** The manifest of one entry, with its record and header changed as another writer or a fault might change them. */
const changed = async (
  change: (record: Record<string, unknown>) => void,
  header: Record<string, string> = {},
) => {
  const { bytes, described } = await roundTrip({
    entries: [entry({ status: 'existing', sequenceNumber: 2 })],
  });
  const { records, metadata } = await decodeAvro(bytes);
  for (const record of records) change(record);
  const { 'avro.schema': avroSchema = '', 'avro.codec': _, ...own } = metadata;
  const again = await encodeAvro(JSON.parse(avroSchema), records, { ...own, ...header });
  return readManifest(again, { ...described, length: again.length });
};
const changedFile = (change: Record<string, unknown>) =>
  changed((record) => {
    Object.assign(record.data_file as object, change);
  });

test('an omitted id is that of the snapshot that added the manifest', async () => {
  const entries = await changed((record) =>
    Object.assign(record, { snapshot_id: null, status: 1, sequence_number: null }),
  );
  expect(entries).toMatchObject([{ snapshotId: 77, sequenceNumber: 5 }]);
});

test.each<[string, () => Promise<unknown>]>([
  ['sequence_number is absent', () => changed((record) => Object.assign(record, { sequence_number: null }))],
  [
    'snapshot_id is 9007199254740993, not',
    () => changed((record) => Object.assign(record, { snapshot_id: 2n ** 53n + 1n })),
  ],
  ['status 3', () => changed((record) => Object.assign(record, { status: 3 }))],
  ['equality deletes are not supported', () => changedFile({ content: 2 })],
  ['entry 0: position-deletes', () => changedFile({ content: 1 })],
  ['files of the format AVRO are not', () => changedFile({ file_format: 'AVRO' })],
  ['encrypted files are not', () => changedFile({ key_metadata: Buffer.from('k') })],
  ['not a value of its type', () => changedFile({ lower_bounds: [{ key: 1, value: Buffer.alloc(3) }] })],
  ['its format-version is "1" and not "2"', () => changed(() => undefined, { 'format-version': '1' })],
  ['its content is "deletes" and not "data"', () => changed(() => undefined, { content: 'deletes' })],
  ['its partition-spec-id is "0"', () => changed(() => undefined, { 'partition-spec-id': '0' })],
  ['its "schema" is not', () => changed(() => undefined, { schema: '{' })],
  ['its "partition-spec" is not', () => changed(() => undefined, { 'partition-spec': '[{}]' })],
  [
    'has no column of values with the id 2',
    () => changed(() => undefined, { schema: JSON.stringify({ ...schema, fields: [] }) }),
  ],
])('refuses to read a record that it cannot represent: %s', async (reason, read) => {
  const refused = await read().then(String, (error: unknown) => error);
  expect(refused).toBeInstanceOf(TableDamaged);
  expect((refused as Error).message).toContain(reason);
  expect((refused as Error).message).toContain('s3://b/m.avro');
});

test('a file whose length differs from the list’s is rejected: a cut between blocks shows nowhere else', async () => {
  const { bytes, described } = await roundTrip({ entries: [entry()] });
  const reading = readManifest(bytes.subarray(0, -1), described);
  await expect(reading).rejects.toThrow(TableDamaged);
  await expect(reading).rejects.toThrow(
    `${bytes.length - 1} bytes where the manifest list says ${bytes.length}`,
  );
});

test.each<[string, ManifestEntry, Partial<ManifestInput>]>([
  ['does not belong', entry({}, { specId: 1 }), {}],
  ['does not belong', entry({}, { partition: ['2024-05-01'] }), {}],
  ['does not belong', entry({}, { content: 'position-deletes' }), {}],
  ['does not belong', entry(), { content: 'deletes' }],
  ['Partition value 0', entry({}, { partition: ['yesterday', '1'] }), {}],
  ['has no column', entry(), { schema: { ...schema, fields: [] } }],
  ['Record 0 does not fit', entry({}, { rows: 1.5 }), {}],
])('refuses to write: %s (%#)', async (reason, bad, input) => {
  const refused = await roundTrip({ ...input, entries: [bad] }).then(String, (error: unknown) => error);
  expect(refused).toBeInstanceOf(TableDamaged);
  expect((refused as Error).message).toContain(reason);
  expect((refused as Error).message).not.toContain('yesterday');
});
