import {
  AlreadyExistsException,
  ConcurrentModificationException,
  EntityNotFoundException,
  type GetTableCommandInput,
  type TableInput,
  type UpdateTableCommandInput,
} from '@aws-sdk/client-glue';
import type { CatalogTable } from '../../shared/lake/catalog/catalog.ts';

const failure = { $metadata: { httpStatusCode: 400 }, Message: 'no', message: 'no' };
export const missing = (): Error => new EntityNotFoundException(failure);
export const concurrent = (): Error => new ConcurrentModificationException(failure);
export const exists = (): Error => new AlreadyExistsException(failure);

export const DATABASES = { silver: 'lake_dev_silver', gold: 'lake_dev_gold' };
export const LOCATION = 's3://bucket/signups';
export const metadataOf = (version: number): string => `${LOCATION}/metadata/v${version}.metadata.json`;

/** The table at one of its versions. */
export const signups = (metadataVersion: number, more: Partial<CatalogTable> = {}): CatalogTable => ({
  zone: 'silver',
  name: 'signups',
  location: LOCATION,
  metadataLocation: metadataOf(metadataVersion),
  metadataVersion,
  schema: {
    type: 'struct',
    'schema-id': 0,
    fields: [
      { id: 1, name: 'id', required: true, type: 'long', doc: 'Of the\n  sign-up.' },
      { id: 2, name: 'status', required: false, type: 'string' },
    ],
  },
  ...more,
});

interface Entry {
  input: TableInput;
  version: number;
}

/** A fake Glue Data Catalog with one database, which checks the version of an entry as Glue does. */
export class FakeGlue {
  readonly entries = new Map<string, Entry>();
  readonly calls: string[] = [];

  get({ DatabaseName, Name }: GetTableCommandInput) {
    this.calls.push('get');
    const entry = this.entries.get(`${DatabaseName}.${Name}`);
    if (entry === undefined) throw missing();
    return { Table: { ...structuredClone(entry.input), Name, VersionId: String(entry.version) } };
  }

  create({ DatabaseName, TableInput }: { DatabaseName?: string; TableInput?: TableInput }) {
    this.calls.push('create');
    if (!Object.values(DATABASES).includes(DatabaseName ?? '')) throw missing();
    const name = `${DatabaseName}.${TableInput?.Name}`;
    if (this.entries.has(name)) throw exists();
    this.entries.set(name, { input: structuredClone(TableInput as TableInput), version: 0 });
    return {};
  }

  update({ DatabaseName, TableInput, VersionId }: UpdateTableCommandInput) {
    this.calls.push('update');
    const entry = this.entries.get(`${DatabaseName}.${TableInput?.Name}`);
    if (entry === undefined) throw missing();
    if (VersionId !== String(entry.version)) throw concurrent();
    entry.input = structuredClone(TableInput as TableInput);
    entry.version += 1;
    return {};
  }

  /** The metadata file to which an entry points. */
  pointer(name = 'lake_dev_silver.signups'): string | undefined {
    return this.entries.get(name)?.input.Parameters?.metadata_location;
  }
}
