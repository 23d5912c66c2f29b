import type { ObjectInfo } from '../../shared/lake/storage/object-store.ts';
import type { Execution } from '../execution.ts';
import type { Engine } from './engine.ts';

type Version = Pick<ObjectInfo, 'key' | 'versionId'>;

const nameOf = ({ key, versionId }: Version): string => JSON.stringify([key, versionId]);

/** Finds the newest execution of a file's version. Keeps only the id of each in memory. */
export class VersionIndex {
  readonly #engine: Engine;
  readonly #seen = new Set<string>();
  readonly #ids = new Map<string, string>();
  readonly #unfinished = new Map<string, Execution>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.refresh();
  }

  /** Reads the logs that are new since the last call. */
  refresh(): this {
    for (const id of this.#engine.log.ids()) {
      if (this.#seen.has(id)) continue;
      const execution = this.#engine.find(id);
      if (execution === undefined) continue;
      const { object } = execution.event.detail;
      const version = JSON.stringify([object.key, object['version-id']]);
      this.#seen.add(id);
      this.#ids.set(version, id);
      if (execution.status === 'stale' || execution.status === 'running')
        this.#unfinished.set(version, execution);
      else this.#unfinished.delete(version);
    }
    return this;
  }

  /** The executions that had not ended when the index first read them, the oldest first. */
  unfinished(): Execution[] {
    return [...this.#unfinished.values()];
  }

  find(version: Version): Execution | undefined {
    const id = this.#ids.get(nameOf(version));
    return id === undefined ? undefined : this.#engine.find(id);
  }
}
