import { z } from 'zod';
import { DIMENSIONS } from '../contract/model.ts';
import { TableDamaged } from '../errors.ts';
import { type Lake, lakePaths, type NewestRunKind } from '../lake/paths.ts';
import { RUN_STATUSES } from './payload.ts';
import { parseStored } from './stored.ts';

/** The DuckDB type by which queries read a column. */
const duckDbTypes = z.registry<{ type: string }>();

const text = z.string().register(duckDbTypes, { type: 'VARCHAR' });
const textOrNull = z.string().nullable().register(duckDbTypes, { type: 'VARCHAR' });
const moment = z.string().register(duckDbTypes, { type: 'TIMESTAMP' });
const momentOrNull = z.string().nullable().register(duckDbTypes, { type: 'TIMESTAMP' });
const count = z.number().register(duckDbTypes, { type: 'BIGINT' });
const amount = z.number().register(duckDbTypes, { type: 'DOUBLE' });
const dimensionType = DIMENSIONS.map((dimension) => `${dimension} DOUBLE`).join(', ');

/**
 * The audit record that every run ends in, as storage holds it: a row of the table `runs`. This is the one list of its
 * columns, in the order of the table; types, SQL and parsing come from it. Records of earlier builds lack the optional
 * ones.
 */
export const StoredRunRecord = z.object({
  run_id: text,
  source_id: text,
  execution: text,
  dataset: text,
  source_bucket: text,
  source_key: text,
  source_version: textOrNull,
  source_bytes: count,
  uploaded_at: moment,
  contract_version: textOrNull,
  /** The fate of the file. */
  status: z.enum(RUN_STATUSES).register(duckDbTypes, { type: 'VARCHAR' }),
  /** The decision of the quality gate; `error` when the file could not be judged. */
  verdict: z.enum(['pass', 'fail', 'error']).register(duckDbTypes, { type: 'VARCHAR' }),
  score: z.number().nullable().register(duckDbTypes, { type: 'DOUBLE' }),
  scores: z
    .partialRecord(z.enum(DIMENSIONS), z.number())
    .register(duckDbTypes, { type: `STRUCT(${dimensionType})` }),
  reason: text,
  error: textOrNull,
  /** rows_read = rows_accepted + rows_rejected; a file in quarantine has all its rows rejected. */
  rows_read: count,
  rows_accepted: count,
  rows_rejected: count,
  /** rows_accepted = rows_silver + rows_duplicate + rows_filtered. */
  rows_duplicate: count,
  rows_filtered: count,
  rows_silver: count,
  /** How duplicates were found (`shared/engine/strategy.ts`), by rule, and `silver` for rows of one key. */
  strategies: z
    .record(z.string(), z.string())
    .register(duckDbTypes, { type: 'MAP(VARCHAR, VARCHAR)' })
    .exactOptional(),
  bytes_read: count,
  bytes_written: count,
  requests: count,
  /** Sum over the states. */
  duration_ms: count,
  gb_seconds: amount,
  /** In USD, at the prices of `shared/run/prices.ts`; see `runRecord`. */
  cost_usd: amount,
  finished_at: moment,
  /** Requests that S3 charges as a PUT (PUT, LIST), and as a GET (GET, HEAD). DELETE is free. */
  requests_write: count.exactOptional(),
  requests_read: count.exactOptional(),
  /** Requests to the Glue Data Catalog. */
  requests_catalog: count.exactOptional(),
  /** GB of `/tmp` above the 512 MB that are free × seconds. */
  storage_gb_seconds: amount.exactOptional(),
  /** Calls of Lambda functions. */
  invocations: count.exactOptional(),
  /** State transitions, from the start to the end, without retries. */
  transitions: count.exactOptional(),
  /** Orders the versions of one key; see `RunIdentity.sequencer`. */
  source_sequencer: text.exactOptional(),
  /** See `RunIdentity.contract_fingerprint`. */
  contract_fingerprint: textOrNull.exactOptional(),
  /** See `RunIdentity.replayed_at`. */
  replayed_at: momentOrNull.exactOptional(),
  /** Rows of other files that rows of this one supersede since its commit. */
  rows_superseding: count.exactOptional(),
  /** Silver rows of this file that rows of other files supersede, at its commit. They are among `rows_silver`. */
  rows_superseded: count.exactOptional(),
});
export type StoredRunRecord = z.infer<typeof StoredRunRecord>;

/** A record as this build writes it: with all columns. */
export type RunRecord = Required<StoredRunRecord>;

const duckDbType = (name: string, schema: z.core.$ZodType): string => {
  const column = schema instanceof z.ZodExactOptional ? schema.unwrap() : schema;
  const type = duckDbTypes.get(column)?.type;
  if (type === undefined) throw new Error(`The column ${name} of a run record has no DuckDB type.`);
  return type;
};

/** DuckDB types of the columns, in order. */
export const RUN_COLUMNS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(StoredRunRecord.shape).map(([name, schema]) => [name, duckDbType(name, schema)]),
);

/** Columns that are equal when a re-run loads the same rows. */
const OUTCOME_COLUMNS = [
  'status',
  'rows_read',
  'rows_rejected',
  'rows_duplicate',
  'rows_filtered',
  'rows_silver',
] as const;

/**
 * Writes the record under the run's own key unless it is there: an event that is delivered twice, or late, does not
 * rewrite history. Two cases replace it:
 *
 * - A replay that was asked for after the earlier record was written: its result is what the user waits for, whatever it
 *   is. A second delivery of the replay's own event changes nothing.
 * - A re-run that loads rows which the earlier run rejected, or other rows than it: the record agrees with silver. Under
 *   one contract this happens where `silver.sql` or a rule depends on the time or on other datasets. Runs of earlier
 *   releases have no contract in their identity: a re-run of theirs has the same record after the contract changed.
 *
 * A record that was written is listed among the newest as well. A repetition of an execution that ended in between lists it.
 *
 * @returns the key
 * @throws TableDamaged when the earlier record cannot be read
 */
export const writeRunRecord = async (lake: Pick<Lake, 'gold'>, record: RunRecord): Promise<string> => {
  const key = lakePaths.run(record.run_id);
  if (await lake.gold.writeIfAbsent(key, JSON.stringify(record))) {
    await listAmongNewest(lake, 'first', record);
    return key;
  }
  const earlier = parseRunRecord(String(await lake.gold.read(key)), `gold/${key}`);
  if (isReplayOf(earlier, record) || loadsOtherRows(earlier, record)) {
    const later = finishedAfter(record, earlier);
    await lake.gold.write(key, JSON.stringify(later));
    await listAmongNewest(lake, 'again', later);
  } else if (earlier.execution === record.execution && !(await isListed(lake, earlier)))
    await listAmongNewest(lake, 'again', earlier);
  return key;
};

const isReplayOf = ({ finished_at }: StoredRunRecord, { replayed_at }: RunRecord): boolean =>
  replayed_at !== null && Date.parse(replayed_at) > Date.parse(finished_at);

const loadsOtherRows = (earlier: StoredRunRecord, record: RunRecord): boolean =>
  record.status === 'loaded' && OUTCOME_COLUMNS.some((name) => earlier[name] !== record[name]);

/** Of a run's records the one that finished last counts, and two clocks may differ. */
const finishedAfter = (record: RunRecord, earlier: StoredRunRecord): RunRecord => {
  const least = Date.parse(earlier.finished_at) + 1;
  return Date.parse(record.finished_at) >= least
    ? record
    : { ...record, finished_at: new Date(least).toISOString() };
};

const isListed = async ({ gold }: Pick<Lake, 'gold'>, record: StoredRunRecord): Promise<boolean> => {
  for (const kind of ['first', 'again'] as const)
    if ((await gold.head(listingOf(kind, record))) !== undefined) return true;
  return false;
};

const listingOf = (kind: NewestRunKind, { finished_at, run_id }: StoredRunRecord): string =>
  lakePaths.newestRun(kind, Date.parse(finished_at), run_id);

/**
 * Puts a copy of the record where the newest are found first, until maintenance has put it into the table of runs.
 *
 * @param kind `first` if the run certainly had no earlier record: the table is not searched for one then
 */
const listAmongNewest = async (
  lake: Pick<Lake, 'gold'>,
  kind: NewestRunKind,
  record: StoredRunRecord,
): Promise<void> => {
  await lake.gold.write(listingOf(kind, record), JSON.stringify(record));
};

/**
 * Reads a stored record back.
 *
 * @param where its place, for the message
 * @throws TableDamaged when it is no record of a run
 */
export const parseRunRecord = (body: string, where: string): StoredRunRecord =>
  parseStored(
    StoredRunRecord,
    body,
    (problem, cause) =>
      new TableDamaged(
        `${where} is not the record of a run: ${problem}. Restore the object; or remove it and redrive, which writes it again.`,
        { cause },
      ),
  );
