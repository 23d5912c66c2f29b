import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ZONES } from '../../shared/lake/paths.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { ROOT } from '../helpers/engine.ts';
import { lakeContent } from '../helpers/lake-content.ts';
import { type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { keepLocksStill } from '../helpers/still-locks.ts';

keepLocksStill();

const WRITES = ['write', 'writeIfAbsent', 'upload'] as const;

/** Counts the writes to a lake's stores, and fails at one of them. */
class CrashPoint {
  writes = 0;
  readonly #at: number;
  readonly #when: 'before' | 'after';

  constructor(at: number, when: 'before' | 'after') {
    this.#at = at;
    this.#when = when;
  }

  store(inner: ObjectStore): ObjectStore {
    return new Proxy(inner, {
      get: (target, name) => {
        if (name === 'observed')
          return (...args: Parameters<ObjectStore['observed']>) => this.store(target.observed(...args));
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        const method = member as (...args: unknown[]) => unknown;
        if (!WRITES.some((write) => write === name)) return method.bind(target);
        return async (...args: unknown[]) => {
          const crashes = ++this.writes === this.#at;
          if (crashes && this.#when === 'before') throw new RangeError('crash before the write');
          const result = await method.apply(target, args);
          if (crashes) throw new RangeError('crash after the write');
          return result;
        };
      },
    });
  }
}

const sample = (name: string): Buffer => readFileSync(path.join(ROOT, 'samples/signups', name));

let january: string;

/** A lake with January in it, so that February replaces rows and deletes some of January's. */
const withJanuary = async (point: CrashPoint): Promise<TestPipeline> => {
  const folder = scratch();
  cpSync(january, folder, { recursive: true, preserveTimestamps: true });
  const { lake } = testPipeline({ folder });
  const crashing = Object.fromEntries(ZONES.map((zone) => [zone, point.store(lake[zone])]));
  return testPipeline({ folder, lake: crashing as unknown as typeof lake });
};

const NEVER = new CrashPoint(0, 'before');
let expected: Awaited<ReturnType<typeof lakeContent>>;

beforeAll(async () => {
  const { folder, drop } = testPipeline();
  await drop('signups/2024-01.csv', sample('2024-01.csv'));
  january = folder;
  const pipeline = await withJanuary(NEVER);
  await pipeline.drop('signups/2024-02.csv', sample('2024-02.csv'));
  expected = await lakeContent(pipeline.folder);
});

test('the undisturbed run writes in every state', () => {
  expect(NEVER.writes).toBeGreaterThan(15);
});

test.each(['before', 'after'] as const)(
  'after a failure %s any write and a redrive, the tables are those of an undisturbed run',
  async (when) => {
    for (let at = 1; at <= NEVER.writes; at++) {
      const broken = await withJanuary(new CrashPoint(at, when));
      const failed = await broken.drop('signups/2024-02.csv', sample('2024-02.csv'));
      expect([at, failed.status]).toEqual([at, 'failed']);
      const repaired = testPipeline({ folder: broken.folder });
      expect([at, (await repaired.engine.redrive(failed.id)).status]).toEqual([at, 'succeeded']);
      expect([at, await lakeContent(broken.folder)]).toEqual([at, expected]);
    }
  },
);
