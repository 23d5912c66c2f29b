/**
 * Child process: `<lake> <datasets> <load.json> <scratch> <n> <when>`; runs a load and kills itself with SIGKILL before
 * or during the nth change of a store. Prints the number of changes if it reaches the end.
 */
import { readFileSync } from 'node:fs';
import { loadContract } from '../../shared/contract/load.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { type Load, load, tablesIn } from './load.ts';

const CHANGES = ['write', 'writeIfAbsent', 'upload', 'remove'];

/** Renewals of a lock come by the clock, so they are not counted. */
const isSign = (name: string | symbol, [key]: unknown[]): boolean =>
  name === 'write' && String(key).includes('/locks/');

const [folder = '', sqlDir = '', file = '', scratch = '', at = '', when = ''] = process.argv.slice(2);
let changes = 0;

const kill = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
};

const killing = (store: ObjectStore): ObjectStore =>
  new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (!CHANGES.some((change) => change === name) || isSign(name, args))
          return Reflect.apply(member, target, args);
        changes += 1;
        const due = changes === Number(at);
        if (due && when === 'before') return kill();
        const result: unknown = Reflect.apply(member, target, args);
        // The change is partly made; how far is random.
        if (due) setImmediate(kill);
        return result;
      };
    },
  });

const { silver, gold } = tablesIn(folder);
await load(JSON.parse(readFileSync(file, 'utf8')) as Load, {
  tables: { silver: killing(silver), gold: killing(gold) },
  contract: await loadContract(sqlDir, 't'),
  scratch,
  options: { leaseMs: 100 },
});
process.stdout.write(String(changes));
