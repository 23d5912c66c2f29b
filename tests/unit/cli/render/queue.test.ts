import { QueueReport, renderLoad } from '../../../../cli/render/queue.ts';
import type { Load } from '../../../../operate/queue.ts';

const load = (small: number, large: number, running = 1): Load => ({
  waiting: { small, large },
  running: { small: running, large: 0 },
  done: 5,
});

test.each([
  [
    { waiting: { small: 478, large: 2 }, running: { small: 2, large: 1 }, done: 17 },
    'Queue: 480 waiting (478 small, 2 large), 3 running (2 small, 1 large), 17 done',
  ],
  [load(0, 1), 'Queue: 1 waiting (1 large), 1 running (1 small), 5 done'],
  [load(0, 0, 0), 'Queue: none waiting, none running, 5 done'],
])('%j', (state, text) => {
  expect(renderLoad(state)).toBe(text);
});

const reporting = (width?: number) => {
  const printed: string[] = [];
  const shown: (string | undefined)[] = [];
  const state = { load: load(0, 0, 0) };
  const terminal = {
    print: (text: string) => printed.push(text),
    note: () => undefined,
    style: (_: string, text: string) => text,
    status: (text: string | undefined) => shown.push(text),
    ...(width !== undefined && { width }),
  };
  return { report: new QueueReport(terminal, () => state.load), printed, shown, state };
};

test('where nobody looks: a line at once, one every ten ticks while files wait, and one when none does', () => {
  const { report, printed, state } = reporting();
  const ticks = (n: number): void => {
    for (let i = 0; i < n; i += 1) report.tick();
  };
  ticks(30);
  expect(printed).toEqual([]);
  state.load = load(3, 0);
  ticks(1);
  expect(printed).toHaveLength(1);
  ticks(20);
  expect(printed).toHaveLength(3);
  state.load = load(0, 0);
  ticks(30);
  expect(printed.slice(3)).toEqual(['Queue: none waiting, 1 running (1 small), 5 done']);
  state.load = load(1, 0);
  ticks(1);
  expect(printed).toHaveLength(5);
});

test('on a terminal: one line that is rewritten, and gone when nothing runs', () => {
  const { report, printed, shown, state } = reporting(80);
  state.load = load(3, 0);
  report.tick();
  state.load = load(0, 0, 0);
  report.tick();
  expect(shown).toEqual([renderLoad(load(3, 0)), undefined]);
  expect(printed).toEqual([]);
});
