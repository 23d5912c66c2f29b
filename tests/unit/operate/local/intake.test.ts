import { type Arrival, Intake } from '../../../../operate/local/intake.ts';

const LARGE = 100e6;

/** An intake whose files are taken when they are told to be. */
const held = () => {
  const taken: string[] = [];
  const arrivals: Arrival[] = [];
  const open = new Map<string, () => void>();
  const intake = new Intake((arrival) => {
    const { key } = arrival;
    taken.push(key);
    arrivals.push(arrival);
    return new Promise((resolve) => open.set(key, resolve));
  });
  const turns = async (): Promise<void> => {
    for (let n = 0; n < 3; n += 1) await new Promise(setImmediate);
  };
  const end = async (key: string): Promise<void> => {
    open.get(key)?.();
    await turns();
  };
  return { intake, taken, arrivals, turns, end };
};

test('takes what came at once in the order in which it was written', async () => {
  const { intake, taken, turns, end } = held();
  intake.add({ key: 'c', bytes: 1, written: 3 });
  intake.add({ key: 'b', bytes: 1, written: 1 });
  intake.add({ key: 'a', bytes: 1, written: 1 });
  await turns();
  for (const key of ['a', 'b', 'c']) await end(key);
  expect(taken).toEqual(['a', 'b', 'c']);
});

test('a small file does not wait for a large one to be copied', async () => {
  const { intake, taken, turns } = held();
  intake.add({ key: 'large', bytes: LARGE, written: 1 });
  intake.add({ key: 'larger', bytes: 2 * LARGE, written: 2 });
  intake.add({ key: 'small', bytes: 1, written: 3 });
  await turns();
  expect(taken.toSorted()).toEqual(['large', 'small']);
  expect(intake.waiting).toEqual({ small: 1, large: 2 });
});

test('a file that is reported again while it waits is taken once, and one of another size behind itself', async () => {
  const { intake, taken, turns, end } = held();
  intake.add({ key: 'first', bytes: 1, written: 1 });
  await turns();
  for (const written of [2, 3]) intake.add({ key: 'twice', bytes: 1, written });
  intake.add({ key: 'first', bytes: LARGE, written: 4 });
  await end('first');
  await end('twice');
  await end('first');
  expect(taken).toEqual(['first', 'twice', 'first']);
  expect(intake.waiting).toEqual({ small: 0, large: 0 });
});

test('a file is taken as it was judged last, also when that was after its batch began', async () => {
  const { intake, arrivals, turns, end } = held();
  for (const key of ['first', 'second']) intake.add({ key, bytes: 1, written: 1 });
  await turns();
  intake.add({ key: 'second', bytes: 5, written: 9 });
  await end('first');
  await end('second');
  expect(arrivals).toEqual([
    { key: 'first', bytes: 1, written: 1 },
    { key: 'second', bytes: 5, written: 9 },
  ]);
});

test('closing waits for what is being taken, and takes no more', async () => {
  const { intake, taken, turns, end } = held();
  for (const key of ['a', 'b']) intake.add({ key, bytes: 1, written: 1 });
  await turns();
  const closed = intake.close();
  intake.add({ key: 'c', bytes: 1, written: 1 });
  await end('a');
  await closed;
  expect(taken).toEqual(['a']);
});
