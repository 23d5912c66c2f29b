import { withProgress } from '../../../../cli/render/progress.ts';
import type { PipelineEvent } from '../../../../operate/events.ts';

const screen = () => {
  const shown: (string | undefined)[] = [];
  const noted: string[] = [];
  return {
    shown,
    noted,
    terminal: {
      print: () => undefined,
      note: (text: string) => void noted.push(text),
      style: (_: string, text: string) => text,
      status: (text: string | undefined) => void shown.push(text),
    },
  };
};

const AT = { at: '2026-01-01T00:00:00.000Z', execution: 'e1' };

test('one line: how many are done, how many wait, and the state of each that runs', async () => {
  const { terminal, shown } = screen();
  await withProgress(terminal, async (observe) => {
    observe({ type: 'progress', done: 0, total: 2, waiting: { small: 1, large: 0 } });
    observe({ type: 'state-entered', ...AT, key: 'a\n.csv', state: 'Validate' });
    observe({ type: 'progress', done: 1, total: 2, waiting: { small: 0, large: 0 } });
    observe({ type: 'progress', done: 2, total: 2 });
  });
  expect(shown).toEqual([
    '0 of 2 done · 1 small waiting',
    '0 of 2 done · 1 small waiting · a\\n.csv Validate',
    '1 of 2 done · a\\n.csv Validate',
    undefined,
  ]);
});

test('work that takes longer than a second is named until the next event, or the end', async () => {
  jest.useFakeTimers();
  try {
    const { terminal, shown } = screen();
    await withProgress(terminal, async (observe) => {
      observe({ type: 'working', what: 'Uploading a.csv' });
      jest.advanceTimersByTime(900);
      expect(shown).toEqual([]);
      jest.advanceTimersByTime(1_100);
    });
    expect(shown).toEqual(['Uploading a.csv … 1 s', 'Uploading a.csv … 2 s', undefined]);
    jest.advanceTimersByTime(5_000);
    expect(shown).toHaveLength(3);
  } finally {
    jest.useRealTimers();
  }
});

test('remarks are noted, and each event is passed on', async () => {
  const { terminal, noted } = screen();
  const seen: PipelineEvent[] = [];
  await withProgress(
    terminal,
    async (observe) => observe({ type: 'remark', text: 'as of noon' }),
    (event) => seen.push(event),
  );
  expect([noted, seen]).toEqual([['as of noon'], [{ type: 'remark', text: 'as of noon' }]]);
});
