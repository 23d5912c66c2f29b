import type { Contract } from '../../shared/contract/model.ts';
import type { Row } from '../../shared/engine/values.ts';
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { metered, type Usage } from '../../shared/lake/storage/metered-store.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { tableColumns } from '../../shared/lake/table/commit/table-schema.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import { createTableView } from '../../shared/lake/table/read/table-view.ts';
import { goldColumns } from '../../shared/stages/load-to-gold/gold/gold-table.ts';
import { type GoldModel, parseGoldModel } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { type Rebuilt, rebuildGold } from '../../shared/stages/load-to-gold/gold/rebuild.ts';
import { scratch } from './scratch.ts';
import { testDb } from './silver-lake.ts';

/** A model `m` with this YAML header and SELECT. */
export const modelOf = (header: string, sql: string): GoldModel =>
  parseGoldModel('gold/m.sql', `/*---\n${header}\n---*/\n${sql}`);

/** Gold tables over a silver store, without the rest of the pipeline. */
export class GoldLake {
  readonly silver: ObjectStore;
  readonly gold: ObjectStore = new FolderStore(scratch(), { name: 'gold' });
  #runs = 0;

  constructor(silver: ObjectStore) {
    this.silver = silver;
  }

  /** Rebuilds a model as LoadToGold does, and counts the requests to silver and gold. */
  async rebuild(
    model: GoldModel,
    ...contracts: Contract[]
  ): Promise<Rebuilt & { counted: { silver: Usage; gold: Usage } }> {
    this.#runs += 1;
    const runId = `run${this.#runs}`;
    const [silver, gold] = [metered(this.silver), metered(this.gold)];
    const rebuilt = await testDb((db, folder) =>
      rebuildGold(model, {
        db,
        lake: { silver, gold },
        scratch: folder,
        runId,
        contracts: new Map(contracts.map((contract) => [contract.dataset, contract])),
      }),
    );
    return { ...rebuilt, counted: { silver: silver.usage, gold: gold.usage } };
  }

  async snapshot(): Promise<Snapshot> {
    const snapshot = await new Table(this.gold, 'm').current();
    if (snapshot === undefined) throw new Error('nothing is committed');
    return snapshot;
  }

  async rows(model: GoldModel): Promise<Row[]> {
    const snapshot = await this.snapshot();
    const files = await snapshot.files();
    return await testDb(async (db, folder) => {
      await createTableView(
        { db, store: this.gold, scratch: folder },
        { schema: 'gold', table: 'm' },
        tableColumns(snapshot, goldColumns(model)),
        files,
      );
      return await db.all('FROM gold.m ORDER BY ALL');
    });
  }
}
