import {
  CreateTableCommand,
  GetTableCommand,
  GlueClient,
  GlueServiceException,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { mockClient } from 'aws-sdk-client-mock';
import { CatalogUnavailable, CommitConflict, ConfigurationError } from '../../../../shared/errors.ts';
import { glueCatalog } from '../../../../shared/lake/catalog/glue-catalog.ts';
import {
  concurrent,
  DATABASES,
  FakeGlue,
  LOCATION,
  metadataOf,
  missing,
  signups,
} from '../../../helpers/glue.ts';

const client = new GlueClient({ region: 'eu-central-1' });
const mock = mockClient(client);
let glue: FakeGlue;
const pauses: number[] = [];
const pause = async (ms: number): Promise<void> => {
  pauses.push(ms);
};
const catalog = glueCatalog(client, DATABASES, pause);

beforeEach(() => {
  mock.reset();
  glue = new FakeGlue();
  pauses.length = 0;
  mock.on(GetTableCommand).callsFake((input) => glue.get(input));
  mock.on(CreateTableCommand).callsFake((input) => glue.create(input));
  mock.on(UpdateTableCommand).callsFake((input) => glue.update(input));
});

const entered = async (version: number): Promise<void> => {
  await catalog.point(signups(version));
  glue.calls.length = 0;
};

/** Changes the entry's parameters as another program would. */
const edit = (parameters: Record<string, string>): void => {
  const entry = glue.entries.get('lake_dev_silver.signups');
  if (entry) entry.input.Parameters = parameters;
};

test('enters a table as Athena expects an Iceberg table, with its columns', async () => {
  await catalog.point(signups(1, { description: 'Who signed up.' }));
  expect(mock.commandCalls(CreateTableCommand)[0]?.args[0].input).toEqual({
    DatabaseName: 'lake_dev_silver',
    TableInput: {
      Name: 'signups',
      TableType: 'EXTERNAL_TABLE',
      Description: 'Who signed up.',
      Parameters: { table_type: 'ICEBERG', metadata_location: metadataOf(1) },
      StorageDescriptor: {
        Location: LOCATION,
        Columns: [
          {
            Name: 'id',
            Type: 'bigint',
            Comment: 'Of the sign-up.',
            Parameters: {
              'iceberg.field.id': '1',
              'iceberg.field.optional': 'false',
              'iceberg.field.current': 'true',
            },
          },
          {
            Name: 'status',
            Type: 'string',
            Parameters: {
              'iceberg.field.id': '2',
              'iceberg.field.optional': 'true',
              'iceberg.field.current': 'true',
            },
          },
        ],
      },
    },
  });
});

test('puts each zone into its database', async () => {
  await catalog.point(signups(1, { zone: 'gold' }));
  expect([...glue.entries.keys()]).toEqual(['lake_dev_gold.signups']);
});

test('moves the pointer, conditional on the version that it read, and keeps what others wrote there', async () => {
  await entered(1);
  edit({ table_type: 'ICEBERG', metadata_location: metadataOf(1), owner_team: 'data' });
  await catalog.point(signups(2));
  expect(mock.commandCalls(UpdateTableCommand)[0]?.args[0].input).toMatchObject({
    VersionId: '0',
    SkipArchive: true,
    TableInput: {
      Parameters: {
        table_type: 'ICEBERG',
        metadata_location: metadataOf(2),
        previous_metadata_location: metadataOf(1),
        owner_team: 'data',
      },
    },
  });
});

test.each([7, 6, 1])(
  'leaves the entry alone that points at version 7, when told of version %i',
  async (version) => {
    await entered(7);
    await catalog.point(signups(version));
    expect(glue.calls).toEqual(['get']);
    expect(glue.pointer()).toBe(metadataOf(7));
  },
);

test('compares versions as numbers', async () => {
  await entered(9);
  await catalog.point(signups(10));
  expect(glue.pointer()).toBe(metadataOf(10));
});

test('reads again when others change the entry at the same time, and keeps newer metadata', async () => {
  await entered(1);
  mock.on(UpdateTableCommand).callsFakeOnce(() => {
    edit({ table_type: 'ICEBERG', metadata_location: metadataOf(5) });
    throw concurrent();
  });
  await catalog.point(signups(2));
  expect(glue.pointer()).toBe(metadataOf(5));
  expect(pauses).toHaveLength(1);
});

test('after twenty concurrent calls the entry points at the newest metadata, in any order', async () => {
  const versions = Array.from({ length: 20 }, (_, i) => ((i * 7) % 20) + 1);
  const outcomes = await Promise.allSettled(versions.map((version) => catalog.point(signups(version))));
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const { reason } of lost) expect(reason).toBeInstanceOf(CommitConflict);
  expect(lost.length).toBeLessThan(20);
  // The state machine retries a writer that gave up.
  await catalog.point(signups(20));
  expect(glue.pointer()).toBe(metadataOf(20));
});

test('an entry that is removed meanwhile is made again', async () => {
  await entered(1);
  mock.on(UpdateTableCommand).callsFakeOnce(() => {
    glue.entries.clear();
    throw missing();
  });
  await catalog.point(signups(2));
  expect(glue.pointer()).toBe(metadataOf(2));
});

test('gives up after losing every race, with an error that is retried', async () => {
  await entered(1);
  mock.on(UpdateTableCommand).rejects(concurrent());
  await expect(catalog.point(signups(2))).rejects.toThrow(CommitConflict);
  expect(glue.calls).toHaveLength(8);
  expect(pauses).toHaveLength(7);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(1_000);
});

test('replaces the entry of an earlier table at the same location', async () => {
  await catalog.point(signups(57, { uuid: 'first' }));
  await catalog.point(signups(1, { uuid: 'second' }));
  expect(glue.pointer()).toBe(metadataOf(1));
  await catalog.point(signups(1, { uuid: 'second' }));
  expect(glue.calls).toEqual(['get', 'create', 'get', 'update', 'get']);
});

describe('says what to do where', () => {
  const refused = async (message: RegExp): Promise<void> => {
    await expect(catalog.point(signups(2))).rejects.toThrow(ConfigurationError);
    await expect(catalog.point(signups(2))).rejects.toThrow(message);
    expect(glue.calls).not.toContain('update');
  };

  test('there is no database', async () => {
    const elsewhere = glueCatalog(client, { silver: 'gone', gold: 'gone' }, pause);
    await expect(elsewhere.point(signups(1))).rejects.toThrow(ConfigurationError);
    await expect(elsewhere.point(signups(1))).rejects.toThrow(/no database gone .*npx sls deploy/);
  });

  test('the name is taken by a table that is not Iceberg', async () => {
    await entered(1);
    edit({ classification: 'csv' });
    await refused(/lake_dev_silver\.signups, which is not an Iceberg table.*aws glue delete-table/);
  });

  test('the name is taken by an Iceberg table from somewhere else', async () => {
    await entered(1);
    edit({ table_type: 'ICEBERG', metadata_location: 's3://bucket/signups2/metadata/v9.metadata.json' });
    await refused(/s3:\/\/bucket\/signups2\/metadata\/v9\.metadata\.json, not in/);
  });

  test('another engine has written to the table', async () => {
    await entered(1);
    edit({
      table_type: 'iceberg',
      metadata_location: `${LOCATION}/metadata/00002-8f2a.metadata.json`,
    });
    await refused(/Another engine has written to lake_dev_silver\.signups/);
  });
});

describe('failures of Glue', () => {
  const failing = (name: string, httpStatusCode?: number): Error =>
    new GlueServiceException({
      name,
      message: 'no',
      $fault: 'server',
      $metadata: httpStatusCode === undefined ? {} : { httpStatusCode },
    });

  test.each([
    ['InternalServiceException', 500],
    ['ServiceUnavailable', 503],
    ['ThrottlingException', 400],
    ['OperationTimeoutException', 400],
    ['ResourceNotReadyException', 400],
    ['TooManyRequestsException', 429],
    ['TimeoutError', undefined],
  ])('%s is transient', async (name, status) => {
    mock.on(GetTableCommand).rejects(failing(name, status));
    await expect(catalog.point(signups(1))).rejects.toThrow(CatalogUnavailable);
  });

  test('so is a connection that breaks', async () => {
    mock.on(GetTableCommand).rejects(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await expect(catalog.point(signups(1))).rejects.toThrow(CatalogUnavailable);
  });

  test.each(['AccessDeniedException', 'InvalidInputException'])(
    '%s does not, and keeps its name',
    async (name) => {
      mock.on(GetTableCommand).rejects(failing(name, 400));
      await expect(catalog.point(signups(1))).rejects.toMatchObject({ name });
    },
  );
});
