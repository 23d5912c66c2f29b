/** A program to be killed: claims an execution on the lake, enters its first state, and never leaves it. */
import { ExecutionLog, newExecutionId } from '../../operate/local/execution-log.ts';

const [lakeFolder = '', event = '{}'] = process.argv.slice(2);
const at = new Date().toISOString();
const input = JSON.parse(event);
const writer = new ExecutionLog(lakeFolder).claim({
  at,
  id: newExecutionId(new Date()),
  attempt: 1,
  event: input,
  startAt: 'Validate',
  input,
});
writer?.append({ type: 'StateEntered', at, state: 'Validate', stateType: 'Task', input });
process.stdout.write('hanging\n');
setInterval(() => undefined, 1_000);
