import {
  DescribeExecutionCommand,
  type ExecutionListItem,
  type ExecutionStatus,
  paginateListExecutions,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type RateLimiter, rateLimiter } from '../base/rate-limiter.ts';
import { ObjectCreated } from '../run/event.ts';
import type { Executions, UnfinishedExecution } from './executions.ts';

/**
 * A share of the quota that the smallest regions grant per account, because others call Step Functions too.
 * Source: AWS Step Functions developer guide, "Service quotas": DescribeExecution 250 at once, then 10 a second.
 */
const BURST = 50;
const CALLS_PER_SECOND = 5;

/** The largest page of ListExecutions. */
const PAGE = 1_000;

const UNFINISHED: readonly (readonly [ExecutionStatus, UnfinishedExecution['status']])[] = [
  ['RUNNING', 'running'],
  ['PENDING_REDRIVE', 'running'],
  ['FAILED', 'failed'],
  ['TIMED_OUT', 'failed'],
  ['ABORTED', 'failed'],
];

/** Executions of a state machine through the AWS SDK. Requests that list and describe are paced; starts are the caller's to pace. */
export class StepFunctionsExecutions implements Executions {
  readonly #sfn: SFNClient;
  readonly #stateMachineArn: string;
  readonly #rateLimit: RateLimiter;

  constructor(
    sfn: SFNClient,
    stateMachineArn: string,
    rateLimit: RateLimiter = rateLimiter(BURST, CALLS_PER_SECOND),
  ) {
    this.#sfn = sfn;
    this.#stateMachineArn = stateMachineArn;
    this.#rateLimit = rateLimit;
  }

  async start(name: string, event: ObjectCreated): Promise<'started' | 'exists'> {
    const { sfn, stateMachineArn } = { sfn: this.#sfn, stateMachineArn: this.#stateMachineArn };
    try {
      await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(event) }));
      return 'started';
    } catch (error) {
      // While the execution runs, the same call succeeds instead: its name and its input are the same.
      if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return 'exists';
      throw error;
    }
  }

  async running(limit: number): Promise<number> {
    let count = 0;
    for await (const page of this.#pages('RUNNING')) {
      count += page.length;
      if (count >= limit) break;
    }
    return Math.min(count, limit);
  }

  async *unfinished(since: Date): AsyncIterable<UnfinishedExecution> {
    for (const [awsStatus, status] of UNFINISHED)
      for await (const page of this.#pages(awsStatus)) {
        // Step Functions lists the newest first.
        const young = page.filter(({ startDate }) => Number(startDate) >= since.getTime());
        for (const { executionArn, name: id = '' } of young) {
          await this.#rateLimit();
          const { input = '{}' } = await this.#sfn.send(new DescribeExecutionCommand({ executionArn }));
          // A person may have started one with something else.
          const event = ObjectCreated.safeParse(JSON.parse(input)).data;
          if (event !== undefined) yield { id, status, event };
        }
        if (young.length < page.length) break;
      }
  }

  async *#pages(statusFilter: ExecutionStatus): AsyncIterable<ExecutionListItem[]> {
    await this.#rateLimit();
    const pages = paginateListExecutions(
      { client: this.#sfn, pageSize: PAGE },
      { stateMachineArn: this.#stateMachineArn, statusFilter },
    );
    for await (const { executions = [], nextToken } of pages) {
      yield executions;
      if (nextToken === undefined) return;
      await this.#rateLimit();
    }
  }
}
