import { loadContract } from '../../shared/contract/load.ts';
import type { Catalog } from '../../shared/lake/catalog/catalog.ts';
import { type Lake, lakePaths } from '../../shared/lake/paths.ts';
import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import { identify } from '../../shared/run/run-identity.ts';
import { parseRunRecord } from '../../shared/run/run-record.ts';
import type { Config } from '../../shared/runtime/config.ts';
import type { RemovalSource } from '../removal/remove-files.ts';
import type { NewestVersion } from '../removal/select-files.ts';

/** A deployed stage's lake, for removals that run in this process. */
export const removalSource = (source: {
  lake: Lake;
  config: Config;
  catalog: Catalog;
}): RemovalSource & { catalog: Catalog } => {
  const fingerprints = new Map<string, Promise<string>>();
  const fingerprintOf = (dataset: string): Promise<string> => {
    const known = fingerprints.get(dataset) ?? readFingerprint(source.config, dataset);
    fingerprints.set(dataset, known);
    return known;
  };
  const newestOf = (key: string): Promise<NewestVersion | undefined> =>
    newest(source.lake, key, fingerprintOf);
  return { ...source, newestOf, peekNewest: newestOf };
};

const readFingerprint = async ({ sqlDir }: Config, dataset: string): Promise<string> =>
  (await loadContract(sqlDir, dataset)).fingerprint;

const newest = async (
  lake: Lake,
  key: string,
  fingerprintOf: (dataset: string) => Promise<string>,
): Promise<NewestVersion | undefined> => {
  const object = await lake.raw.head(key);
  if (object === undefined) return undefined;
  const { etag, versionId } = object;
  const fingerprint = await fingerprintOf(lakePaths.datasetOf(key) ?? '');
  return {
    ...{ etag, versionId, uploadedAt: object.lastModified.toISOString() },
    sequencer: await sequencerOf(lake, object, fingerprint),
  };
};

/** S3 tells a version's sequencer only in its event. The record of its run has it, where there is one. */
const sequencerOf = async (
  { raw, gold }: Lake,
  { key, versionId, lastModified }: ObjectInfo,
  fingerprint: string,
): Promise<string | undefined> => {
  if (versionId === undefined) return undefined;
  const event = {
    ...{ source: 'aws.s3', 'detail-type': 'Object Created' as const, time: lastModified.toISOString() },
    detail: { bucket: { name: raw.name }, object: { key, 'version-id': versionId } },
  };
  for (const { run_id } of [identify(event, fingerprint), identify(event)]) {
    const record = lakePaths.run(run_id);
    const body = await gold.read(record);
    const sequencer = body && parseRunRecord(String(body), `gold/${record}`).source_sequencer;
    if (sequencer !== undefined) return sequencer;
  }
  return undefined;
};
