import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Lake, ZONES } from '../../shared/lake/paths.ts';
import { S3Store } from '../../shared/lake/storage/s3-store.ts';
import { ObjectCreated } from '../../shared/run/event.ts';
import { runProgram } from '../helpers/run-program.ts';
import type { Emulator } from './emulator/emulator.ts';
import { until } from './emulator/until.ts';

/** The emulator's account; real ones differ. */
const ACCOUNT = '000000000000';

/** The tests deploy with the settings of production. */
const STAGE = 'prod';
/** The emulator runs the functions on this machine. */
export const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x86_64';

/** A pipeline that `sls deploy` deployed to an emulated account, seen through the AWS SDK. */
export class Deployment {
  readonly lake: Lake;
  readonly stage = STAGE;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly #glue: GlueClient;
  readonly #emulator: Emulator;

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
    this.s3 = new S3Client(emulator.client);
    this.sfn = new SFNClient(emulator.client);
    this.#glue = new GlueClient(emulator.client);
    const stores = ZONES.map((zone) => [zone, new S3Store(this.s3, `duckstep-${STAGE}-${zone}-${ACCOUNT}`)]);
    this.lake = Object.fromEntries(stores) as Lake;
  }

  /** Runs the Serverless Framework's program; returns its output. */
  sls(command: string): Promise<string> {
    const args = [command, '--stage', STAGE, '--param', `architecture=${ARCHITECTURE}`];
    return runProgram('npx', ['sls', ...args], this.#emulator.env);
  }

  /** Removes the policy of a function's role; returns a function that restores it. */
  async takeRights(functionName: string): Promise<() => Promise<string>> {
    const iam = (...args: string[]) => runProgram('aws', ['iam', ...args], this.#emulator.env);
    const query = `Roles[?contains(RoleName, '${functionName}Role')].RoleName`;
    const role = (await iam('list-roles', '--output', 'text', '--query', query)).trim();
    const policy = ['--role-name', role, '--policy-name', functionName];
    const document = await iam('get-role-policy', ...policy, '--query', 'PolicyDocument');
    await iam('delete-role-policy', ...policy);
    return () => iam('put-role-policy', ...policy, '--policy-document', document);
  }

  /** The metadata file of a table in the Glue catalog. */
  async cataloguedMetadata(zone: 'silver' | 'gold', table: string): Promise<string | undefined> {
    const command = new GetTableCommand({ DatabaseName: `duckstep_${STAGE}_${zone}`, Name: table });
    return (await this.#glue.send(command)).Table?.Parameters?.metadata_location;
  }

  async stateMachines(): Promise<string[]> {
    const { stateMachines = [] } = await this.sfn.send(new ListStateMachinesCommand({}));
    return stateMachines.map(({ stateMachineArn = '' }) => stateMachineArn);
  }

  /** All executions so far, oldest first. */
  async executions(): Promise<DescribeExecutionCommandOutput[]> {
    const [stateMachineArn] = await this.stateMachines();
    const { executions = [] } = await this.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    const described = executions.map(({ executionArn }) =>
      this.sfn.send(new DescribeExecutionCommand({ executionArn })),
    );
    const byStart = (a: DescribeExecutionCommandOutput, b: DescribeExecutionCommandOutput) =>
      Number(a.startDate) - Number(b.startDate);
    return (await Promise.all(described)).toSorted(byStart);
  }

  /** Waits until this many executions have been started and all have ended. */
  async allEnded(count: number): Promise<DescribeExecutionCommandOutput[]> {
    return await until(`${count} executions have ended`, async () => {
      const executions = await this.executions();
      const ended = executions.filter(({ status }) => status !== 'RUNNING');
      return ended.length >= count && executions.length === ended.length && executions;
    });
  }

  /** Starts an execution by hand and waits until it has ended. */
  async start(input: unknown): Promise<DescribeExecutionCommandOutput> {
    const [stateMachineArn] = await this.stateMachines();
    const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    const { executionArn } = await this.sfn.send(command);
    const ended = async () => {
      const execution = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== 'RUNNING' && execution;
    };
    return await until('the execution has ended', ended);
  }
}

/** The event that started an execution. */
export const eventOf = ({ input }: DescribeExecutionCommandOutput): ObjectCreated =>
  ObjectCreated.parse(JSON.parse(input ?? ''));
