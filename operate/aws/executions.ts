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
import { type RateLimiter, rateLimiter } from '../../shared/base/rate-limiter.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { ObjectCreated } from '../../shared/run/event.ts';
import type { Execution, ExecutionStatus, StateVisit } from '../execution.ts';
import type { FailedSelection } from '../pipeline.ts';
import type { Deployment } from './deployment.ts';
import { visitsOf } from './execution-history.ts';

const STATUS: Record<AwsStatus, ExecutionStatus> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  ABORTED: 'failed',
};

/**
 * A share of the quota that the smallest regions grant per account, because others call Step Functions too.
 * Source: AWS Step Functions developer guide, "Service quotas": DescribeExecution 250 at once, then 10 a second.
 */
const BURST = 50;
const CALLS_PER_SECOND = 5;

/** An execution as a list of Step Functions shows it. */
export interface ListedExecution {
  id: string;
  status: ExecutionStatus;
}

interface ItemFilter {
  status?: ExecutionStatus | undefined;
  /** Only those that started at this time or later. */
  since?: Date;
  limit?: number;
}

/** The executions of a deployed state machine, described as those on a laptop are. */
export class DeployedExecutions {
  readonly #sfn: SFNClient;
  readonly #stateMachineArn: string;
  readonly #rateLimit: RateLimiter;

  constructor(
    { sfn, stateMachineArn }: Deployment,
    rateLimit: RateLimiter = rateLimiter(BURST, CALLS_PER_SECOND),
  ) {
    this.#sfn = sfn;
    this.#stateMachineArn = stateMachineArn;
    this.#rateLimit = rateLimit;
  }

  /** The newest first, at most `limit`. Only failed ones have their visits of states. */
  async list(status?: ExecutionStatus, limit?: number): Promise<Execution[]> {
    const executions: Execution[] = [];
    for (const { executionArn = '' } of await this.#items({
      status,
      ...(limit !== undefined && { limit }),
    })) {
      const described = await this.#describe(executionArn);
      const failed = STATUS[described.status ?? 'RUNNING'] === 'failed';
      executions.push(executionOf(described, failed ? await this.#visits(executionArn) : []));
    }
    return executions;
  }

  /**
   * Ids of the failed executions, the newest first. Asks for details only where the error's name decides, as only they
   * have it.
   */
  async failed({ since, error }: Omit<FailedSelection, 'status'>): Promise<string[]> {
    const ids: string[] = [];
    for (const { executionArn = '', name = '', stopDate } of await this.#items({ status: 'failed' })) {
      if (since !== undefined && (stopDate?.toISOString() ?? '') < since) continue;
      if (error === undefined || executionOf(await this.#describe(executionArn), []).error?.Error === error)
        ids.push(name);
    }
    return ids;
  }

  /** Executions that started at a time or later, the newest first. */
  async startedSince(since: Date): Promise<ListedExecution[]> {
    const items = await this.#items({ since });
    return items.map(({ name = '', status = 'RUNNING' }) => ({ id: name, status: STATUS[status] }));
  }

  /** The event that an execution was started with; one of no known key where it was something else. */
  async eventOf(id: string): Promise<ObjectCreated> {
    return executionOf(await this.#describe(this.#arnOf(id)), []).event;
  }

  /** One execution with its visits of states; undefined when Step Functions has none of that name. */
  async find(id: string): Promise<Execution | undefined> {
    const arn = this.#arnOf(id);
    try {
      return executionOf(await this.#describe(arn), await this.#visits(arn));
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined;
      throw error;
    }
  }

  /** Resumes an execution at the state that failed; returns as soon as it has begun. */
  async redrive(id: string): Promise<void> {
    await this.#rateLimit();
    await this.#sfn.send(new RedriveExecutionCommand({ executionArn: this.#arnOf(id) }));
  }

  #arnOf(id: string): string {
    return `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${id}`;
  }

  /** The newest first, at most `limit`. */
  async #items({
    status,
    since,
    limit = Number.POSITIVE_INFINITY,
  }: ItemFilter): Promise<ExecutionListItem[]> {
    const ofStatus = Object.values(AwsStatus).filter((each) => STATUS[each] === status);
    const found: ExecutionListItem[] = [];
    for (const statusFilter of status === undefined ? [undefined] : ofStatus)
      found.push(...(await this.#pages(statusFilter, limit, since)));
    return found.toSorted((a, b) => Number(b.startDate) - Number(a.startDate)).slice(0, limit);
  }

  /** Step Functions lists the newest first, so that the pages end where executions are too old. */
  async #pages(
    statusFilter: AwsStatus | undefined,
    limit: number,
    since: Date | undefined,
  ): Promise<ExecutionListItem[]> {
    const found: ExecutionListItem[] = [];
    await this.#rateLimit();
    const pages = paginateListExecutions(
      { client: this.#sfn },
      { stateMachineArn: this.#stateMachineArn, ...(statusFilter && { statusFilter }) },
    );
    for await (const { executions = [], nextToken } of pages) {
      const young = executions.filter(
        ({ startDate }) => since === undefined || Number(startDate) >= since.getTime(),
      );
      found.push(...young);
      if (found.length >= limit || nextToken === undefined || young.length < executions.length) break;
      await this.#rateLimit();
    }
    return found;
  }

  async #describe(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    await this.#rateLimit();
    return await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
  }

  async #visits(executionArn: string): Promise<StateVisit[]> {
    const history: HistoryEvent[] = [];
    await this.#rateLimit();
    const pages = paginateGetExecutionHistory(
      { client: this.#sfn, pageSize: 1_000 },
      { executionArn, includeExecutionData: true },
    );
    for await (const { events = [], nextToken } of pages) {
      history.push(...events);
      if (nextToken === undefined) break;
      await this.#rateLimit();
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
    // An aborted execution has no error.
    ...(STATUS[status] === 'failed' && { error: { Error: error ?? status, Cause: cause ?? '' } }),
    ...(status === 'SUCCEEDED' && output !== undefined && { output: JSON.parse(output) }),
  };
};

/** Stands for the input of an execution that a person started with something else. */
const strangeEvent = (time = new Date(0)): ObjectCreated => ({
  source: '',
  'detail-type': 'Object Created',
  time: time.toISOString(),
  detail: { bucket: { name: '?' }, object: { key: '(started with something else than an upload)' } },
});
