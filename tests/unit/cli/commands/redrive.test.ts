import { Engine } from '../../../../operate/local/engine.ts';
import { STEPS } from '../../../../operate/local/steps.ts';
import { failing, someEvent } from '../../../helpers/engine.ts';
import { testPipeline } from '../../../helpers/pipeline.ts';
import { runCommand } from '../../../helpers/run-command.ts';

const redrive = (lake: string, ...args: string[]) => runCommand({}, '--lake', lake, 'redrive', ...args);

/** Two files that failed, and somebody who redrives the first one as soon as both were listed. */
const contended = async () => {
  const { folder, drop } = testPipeline({ steps: { ...STEPS, Validate: failing('Fault', {}) } });
  const [first, second] = [await drop('nonsense/a.csv', 'id\n1\n'), await drop('nonsense/b.csv', 'id\n1\n')];
  const list = Engine.prototype.list;
  jest.spyOn(Engine.prototype, 'list').mockImplementationOnce(function (this: Engine) {
    const listed = list.call(this);
    const claim = { at: new Date().toISOString(), id: first.id, attempt: 2, event: first.event };
    this.log.claim({ ...claim, startAt: 'Validate', input: someEvent() })?.close();
    return listed;
  });
  return { folder, first, second };
};

afterEach(() => jest.restoreAllMocks());

test('one that another process redrives is named, and the others are redriven', async () => {
  const { folder, first } = await contended();
  const { out, err, code } = await redrive(folder, '--all-failed');
  expect({ err, code }).toEqual({ err: '', code: 1 });
  expect(out).toContain('nonsense/b.csv: quarantined');
  expect(out).toContain(`${first.id}  refused: UsageError: Execution ${first.id} is still running`);
});

test('as JSON, it stands beside the outcomes', async () => {
  const { folder, first, second } = await contended();
  const { out, code } = await redrive(folder, '--all-failed', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject([
    { execution: second.id, verdict: 'quarantined' },
    { execution: first.id, redriven: false, reason: expect.stringContaining('is still running') },
  ]);
});

test('to name one that cannot be redriven is wrong usage', async () => {
  const { folder } = testPipeline();
  expect(await redrive(folder, '20000101T000000-aaaa')).toEqual({
    out: '',
    err: expect.stringContaining('UsageError: There is no execution 20000101T000000-aaaa.'),
    code: 64,
  });
});
