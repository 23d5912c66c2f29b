import path from 'node:path';
import { openLake } from '../../operate/local/lake.ts';
import { literal } from '../../shared/engine/sql.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { runRecord } from '../../shared/run/build-run-record.ts';
import { identify, type RunIdentity } from '../../shared/run/run-identity.ts';
import type { StoredRunRecord } from '../../shared/run/run-record.ts';
import { countReasons } from '../../shared/stages/quarantine/refused-values.ts';
import { writeRejectedRecords } from '../../shared/stages/quarantine/rejected-records.ts';
import type { QuarantineReport } from '../../shared/stages/quarantine/report.ts';
import { summarise } from '../../shared/stages/quarantine/summary.ts';
import { REASONS_TYPE } from '../../shared/stages/validate/row-check.ts';
import { scratch } from './scratch.ts';
import { testDb } from './silver-lake.ts';

export interface Refusing {
  /** Default: `t/a.csv`. */
  key?: string;
  /** Minutes: the version of the file was uploaded then. */
  uploaded: number;
  /** Minutes. Default: as `uploaded`. */
  finished?: number;
  /** Makes another run of the same version. */
  contract?: string;
  /** The number of refused rows. Without any, nothing is written to quarantine. Default: 1. */
  rows?: number;
  status?: StoredRunRecord['status'];
  /** Changes to the record; null: there is none. */
  record?: Partial<StoredRunRecord> | null;
}

const minute = (minutes: number): string => new Date(Date.UTC(2026, 0, 2, 3, minutes)).toISOString();

/** A lake with nothing but refused rows and run records. */
export class RefusingLake {
  readonly folder = scratch();
  readonly lake = openLake(this.folder);

  /** Writes what a run with refused rows leaves. The rows are `<key> <uploaded> <n>`. */
  async run({ key = 't/a.csv', uploaded, rows = 1, ...more }: Refusing): Promise<RunIdentity> {
    const run = identify(
      {
        source: 'aws.s3',
        'detail-type': 'Object Created',
        time: minute(uploaded),
        detail: {
          bucket: { name: 'raw' },
          object: { key, 'version-id': `v${uploaded}`, sequencer: `0${String(uploaded).padStart(3, '0')}` },
        },
      },
      more.contract,
    );
    if (rows > 0) await this.#refuse(run, `${key} ${uploaded}`, rows);
    if (more.record === null) return run;
    const status = more.status ?? 'loaded';
    const counts = { rows_accepted: 0, rows_duplicate: 0, rows_filtered: 0, rows_silver: 0, strategies: {} };
    const record = runRecord(
      run,
      'e',
      {
        ...{ source_bytes: 1, contract_version: '1.0.0', status, verdict: 'pass', score: 1, scores: {} },
        ...{ reason: 'fine.', error: null, rows_read: rows, rows_rejected: rows, ...counts },
      },
      [],
    );
    const stored = { ...record, finished_at: minute(more.finished ?? uploaded), ...more.record };
    await this.lake.gold.write(lakePaths.run(run.run_id), JSON.stringify(stored));
    return run;
  }

  async #refuse(run: RunIdentity, raw: string, rows: number): Promise<void> {
    await testDb(async (db, folder) => {
      const records = path.join(folder, 'records.parquet');
      const reason = `{'column': 'c', 'rule': 'type', 'dimension': 'conformity', 'expected': 'a number', 'value': 'x' || (n // 2)}`;
      await db.run(
        `COPY (SELECT n AS line, ${literal(raw)} || ' ' || n AS raw, CAST([${reason}] AS ${REASONS_TYPE}) AS reasons
         FROM range(1, ${rows + 1}) r(n)) TO ${literal(records)}`,
      );
      const file = path.join(folder, 'rows.parquet');
      await writeRejectedRecords(
        db,
        run,
        { scope: 'rows', reason: { rule: 'quality', message: '' }, records },
        file,
      );
      await this.lake.quarantine.upload(file, lakePaths.quarantinedRows(run.dataset, run.run_id));
      const report: QuarantineReport = {
        ...{ run, scope: 'rows', reason: 'Rows break the contract.' },
        refused: await countReasons(db, records, () => false),
      };
      const { quarantine } = this.lake;
      await quarantine.write(lakePaths.quarantineReport(run.dataset, run.run_id), JSON.stringify(report));
      await quarantine.write(lakePaths.quarantineSummary(run.dataset, run.run_id), summarise(report));
    });
  }
}
