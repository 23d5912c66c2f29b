import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadContract } from '../../../shared/contract/load.ts';
import { ConfigurationError, ContractChanged, UnknownDataset } from '../../../shared/errors.ts';
import { judgingContract } from '../../../shared/run/judging-contract.ts';
import { identify } from '../../../shared/run/run-identity.ts';
import { someEvent } from '../../helpers/engine.ts';
import { datasets } from '../../helpers/pipeline.ts';
import { contractYaml } from '../../helpers/silver-lake.ts';

const COLUMN = '{ name: id, logicalType: integer }';
const event = someEvent('t/a.csv');
const evaluate = async () => true;

/** What Validate hands on of the contract in the folder. */
const validated = async (sqlDir: string, in_vain = 0) => {
  const { version, fingerprint } = await loadContract(sqlDir, 't', evaluate);
  const restarts = {
    ...{ contract_fingerprint: fingerprint, in_vain, wait_seconds: 0 },
    ...{ validated_at: new Date().toISOString(), round_ms: 60_000 },
  };
  const run = identify(event, fingerprint);
  return { run, contract_version: version, again: { ...event, restarts } };
};

const sql = () => datasets({ 't/contract.yaml': contractYaml('t', [COLUMN]) });
const change = (sqlDir: string): void =>
  writeFileSync(
    path.join(sqlDir, 't/contract.yaml'),
    contractYaml('t', [COLUMN]).replace('version: 1.0.0', 'version: 2.0.0'),
  );

test('is the contract of Validate', async () => {
  const sqlDir = sql();
  const contract = await judgingContract(await validated(sqlDir), { sqlDir, evaluate, goesBack: true });
  expect(contract).toMatchObject({ dataset: 't', version: '1.0.0' });
});

test('that changed since: the message names both', async () => {
  const sqlDir = sql();
  const state = await validated(sqlDir);
  change(sqlDir);
  const loading = judgingContract(state, { sqlDir, evaluate, goesBack: true });
  await expect(loading).rejects.toThrow(ContractChanged);
  await expect(loading).rejects.toThrow(
    /^The contract of "t" has changed since Validate judged the file: from 1\.0\.0 \([0-9a-f]{8}\) to 2\.0\.0 \([0-9a-f]{8}\)\. The execution goes back to Validate\.$/,
  );
});

test('that was removed since has changed as well', async () => {
  const sqlDir = sql();
  const state = await validated(sqlDir);
  rmSync(path.join(sqlDir, 't'), { recursive: true });
  const loading = judgingContract(state, { sqlDir, evaluate, goesBack: true });
  await expect(loading).rejects.toThrow(ContractChanged);
  await expect(loading).rejects.toThrow(/ to none\. /);
});

test('may be any where the state machine, or Validate, was of an earlier release', async () => {
  const sqlDir = sql();
  const state = await validated(sqlDir);
  change(sqlDir);
  const later = { version: '2.0.0' };
  expect(await judgingContract(state, { sqlDir, evaluate, goesBack: false })).toMatchObject(later);
  const { run, contract_version } = state;
  const { contract_fingerprint: _, ...early } = run;
  const earlier = { run: early, contract_version };
  expect(await judgingContract(earlier, { sqlDir, evaluate, goesBack: true })).toMatchObject(later);
  rmSync(path.join(sqlDir, 't'), { recursive: true });
  const loading = judgingContract(earlier, { sqlDir, evaluate, goesBack: true });
  await expect(loading).rejects.toThrow(UnknownDataset);
});

test('where going back was in vain five times, the state fails, until a redrive comes', async () => {
  const sqlDir = sql();
  const state = await validated(sqlDir, 5);
  change(sqlDir);
  const source = { sqlDir, evaluate, goesBack: true };
  await expect(judgingContract(state, source)).rejects.toThrow(ConfigurationError);
  await expect(judgingContract(state, source)).rejects.toThrow(
    /The functions have different contracts of "t": Validate has 1\.0\.0 .*, this one 2\.0\.0 .* 5 times\. Deploy all functions, then redrive after 20.*Z\.$/,
  );
  const { restarts } = state.again;
  const longAgo = new Date(Date.now() - restarts.round_ms - 1).toISOString();
  const redriven = { ...state, again: { ...state.again, restarts: { ...restarts, validated_at: longAgo } } };
  await expect(judgingContract(redriven, source)).rejects.toThrow(ContractChanged);
});
