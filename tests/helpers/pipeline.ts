import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Execution } from '../../operate/execution.ts';
import { Engine, type EngineOptions } from '../../operate/local/engine.ts';
import { type LocalLake, objectCreatedEvent, openLake } from '../../operate/local/lake.ts';
import { STEPS } from '../../operate/local/steps.ts';
import type { Row } from '../../shared/engine/values.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { RunRecord } from '../../shared/run/run-record.ts';
import type { Config } from '../../shared/runtime/config.ts';
import { askLake } from './ask-lake.ts';
import { loadDefinition, ROOT } from './engine.ts';
import { scratch } from './scratch.ts';

/** A lake in a new folder with the real state machine and the real steps. */
export interface TestPipeline {
  folder: string;
  lake: LocalLake;
  engine: Engine;
  /** Puts a file into raw as `<dataset>/<name>` and returns its event, without running anything. */
  put(key: string, content: string | Buffer): Promise<ObjectCreated>;
  /** Puts a file into raw and processes it to the end. */
  drop(key: string, content: string | Buffer): Promise<Execution>;
  /** Rows of a query over the committed lake. */
  query(sql: string): Promise<Row[]>;
  /** The run records, oldest first. */
  runs(): Promise<RunRecord[]>;
}

/** A pipeline with the shipped datasets, or with those of another folder. */
export const testPipeline = (
  options: { sqlDir?: string; folder?: string } & Partial<EngineOptions> = {},
): TestPipeline => {
  const folder = options.folder ?? scratch();
  const lake = openLake(folder);
  const config: Config = {
    memoryMb: 1024,
    threads: 2,
    sqlDir: options.sqlDir ?? path.join(ROOT, 'sql'),
    scratchRoot: scratch(),
    maxUnpackedBytes: 2 ** 30,
    maxRecordBytes: 2 ** 20,
  };
  const engine = new Engine({
    lakeFolder: folder,
    lake,
    config,
    definition: loadDefinition(),
    steps: STEPS,
    retryDelayMs: 0,
    ...options,
  });
  const put = async (key: string, content: string | Buffer): Promise<ObjectCreated> => {
    await lake.raw.write(key, content);
    const object = await lake.raw.head(key);
    if (object === undefined) throw new Error(`${key} is not in raw`);
    return objectCreatedEvent(lake.raw.name, object);
  };
  const query = (sql: string): Promise<Row[]> => askLake({ folder, lake, sqlDir: config.sqlDir }, sql);
  return {
    folder,
    lake,
    engine,
    put,
    drop: async (key, content) => await engine.run(await put(key, content)),
    query,
    runs: async () => (await query('FROM runs ORDER BY finished_at')) as unknown as RunRecord[],
  };
};

/**
 * Writes a new folder of datasets: `{ 'orders/contract.yaml': '…', 'orders/gold/by_day.sql': '…' }`.
 */
export const datasets = (files: Readonly<Record<string, string>>): string => {
  const folder = scratch();
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
};
