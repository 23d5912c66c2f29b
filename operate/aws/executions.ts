import {
  ExecutionStatus as AwsStatus,
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  type ExecutionListItem,
  type HistoryEvent,
  paginateGetExecutionHistory,
  paginateListExecutions,
  RedriveExecutionCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { lakePaths } from '../../shared/lake/paths.ts';
import { ObjectCreated } from '../../shared/run/event.ts';
import type { Execution, ExecutionStatus, StateVisit } from '../execution.ts';
import type { Deployment } from './deployment.ts';
import { visitsOf } from './execution-history.ts';
import { type Pace, pace } from './pace.ts';

const STATUS: Record<AwsStatus, ExecutionStatus> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  ABORTED: 'failed',
};

/**
 * A share of what the smallest regions grant per account (AWS Step Functions developer guide, "Service quotas":
 * DescribeExecution 250 at once, then 10 a second): others look at their executions too.
 */
const BURST = 50;
const CALLS_PER_SECOND = 5;

/** The executions of a deployed state machine, told as the laptop tells its own. */
export class DeployedExecutions {
  readonly #sfn: SFNClient;
  readonly #stateMachineArn: string;
  readonly #turn: Pace;

  constructor({ sfn, stateMachineArn }: Deployment, turn: Pace = pace(BURST, CALLS_PER_SECOND)) {
    this.#sfn = sfn;
    this.#stateMachineArn = stateMachineArn;
    this.#turn = turn;
  }

  /** The newest first, at most so many; the states of those only that failed. */
  async list(status: ExecutionStatus | undefined, limit = Number.POSITIVE_INFINITY): Promise<Execution[]> {
    const executions: Execution[] = [];
    for (const { executionArn = '' } of await this.#items(status, limit)) {
      const described = await this.#describe(executionArn);
      const failed = STATUS[described.status ?? 'RUNNING'] === 'failed';
      executions.push(executionOf(described, failed ? await this.#visits(executionArn) : []));
    }
    return executions;
  }

  /**
   * Ids of those that failed, the newest first. A redrive needs no more of them; only an error's name has to be asked
   * for one by one.
   *
   * @param since of these, those that ended at that time, in ISO 8601, or later
   * @param error of these, those that failed with it
   */
  async failed({
    since,
    error,
  }: {
    since?: string | undefined;
    error?: string | undefined;
  }): Promise<string[]> {
    const items = await this.#items('failed', Number.POSITIVE_INFINITY);
    const ids: string[] = [];
    for (const { executionArn = '', name = '', stopDate } of items) {
      if (since !== undefined && (stopDate?.toISOString() ?? '') < since) continue;
      if (error === undefined || executionOf(await this.#describe(executionArn), []).error?.Error === error)
        ids.push(name);
    }
    return ids;
  }

  /** One in detail; undefined when Step Functions knows none of that name. */
  async find(id: string): Promise<Execution | undefined> {
    const arn = this.#arnOf(id);
    try {
      return executionOf(await this.#describe(arn), await this.#visits(arn));
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined;
      throw error;
    }
  }

  /** Lets it resume at the failed state; returns as soon as it has begun. */
  async redrive(id: string): Promise<void> {
    await this.#turn();
    await this.#sfn.send(new RedriveExecutionCommand({ executionArn: this.#arnOf(id) }));
  }

  #arnOf(id: string): string {
    return `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${id}`;
  }

  /** The newest first, at most so many. */
  async #items(status: ExecutionStatus | undefined, limit: number): Promise<ExecutionListItem[]> {
    const wanted = Object.values(AwsStatus).filter((each) => status === undefined || STATUS[each] === status);
    const filters = status === undefined ? [undefined] : wanted;
    const found: ExecutionListItem[] = [];
    for (const filter of filters) found.push(...(await this.#page(filter, limit)));
    return found.toSorted((a, b) => Number(b.startDate) - Number(a.startDate)).slice(0, limit);
  }

  async #page(statusFilter: AwsStatus | undefined, limit: number): Promise<ExecutionListItem[]> {
    const found: ExecutionListItem[] = [];
    await this.#turn();
    const pages = paginateListExecutions(
      { client: this.#sfn },
      { stateMachineArn: this.#stateMachineArn, ...(statusFilter && { statusFilter }) },
    );
    for await (const { executions = [], nextToken } of pages) {
      found.push(...executions);
      if (found.length >= limit || nextToken === undefined) break;
      await this.#turn();
    }
    return found;
  }

  async #describe(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    await this.#turn();
    return await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
  }

  async #visits(executionArn: string): Promise<StateVisit[]> {
    const history: HistoryEvent[] = [];
    await this.#turn();
    const pages = paginateGetExecutionHistory(
      { client: this.#sfn, pageSize: 1_000 },
      { executionArn, includeExecutionData: true },
    );
    for await (const { events = [], nextToken } of pages) {
      history.push(...events);
      if (nextToken === undefined) break;
      await this.#turn();
    }
    return visitsOf(history);
  }
}

const executionOf = (described: DescribeExecutionCommandOutput, visits: StateVisit[]): Execution => {
  const { name = '', status = 'RUNNING', startDate, stopDate, error, cause, output } = described;
  const event = ObjectCreated.safeParse(JSON.parse(described.input ?? '{}')).data ?? strangeEvent(startDate);
  const { key } = event.detail.object;
  const reached = visits.at(-1);
  return {
    id: name,
    status: STATUS[status],
    dataset: lakePaths.datasetOf(key) ?? '_unknown',
    key,
    event,
    started: startDate?.toISOString() ?? '',
    ...(stopDate && { ended: stopDate.toISOString() }),
    attempts: (described.redriveCount ?? 0) + 1,
    visits,
    resume: { state: reached?.state ?? '', input: reached?.input },
    // An execution that was aborted names no error.
    ...(STATUS[status] === 'failed' && { error: { Error: error ?? status, Cause: cause ?? '' } }),
    ...(status === 'SUCCEEDED' && output !== undefined && { output: JSON.parse(output) }),
  };
};

/** Whoever starts an execution by hand may give it anything. */
const strangeEvent = (time = new Date(0)): ObjectCreated => ({
  source: '',
  'detail-type': 'Object Created',
  time: time.toISOString(),
  detail: { bucket: { name: '?' }, object: { key: '(started with something else than an upload)' } },
});
