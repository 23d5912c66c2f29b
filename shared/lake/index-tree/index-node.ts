import { createHash } from 'node:crypto';
import { z } from 'zod';
import { TableDamaged } from '../../errors.ts';

/** Holds entries: their values as JSON, by id. */
export interface Leaf {
  entries: ReadonlyMap<string, unknown>;
}

/**
 * Tells the nodes below it apart by one byte of the ids' hashes, the n-th for a branch n levels down. A node
 * stands under the first bits of that byte that its ids have in common: leaves under as few as keep them small,
 * branches under all eight.
 */
export interface Branch {
  /** Names of nodes by bits, like `011`. No key is the beginning of another. */
  leaves: ReadonlyMap<string, string>;
  branches: ReadonlyMap<string, string>;
}

export type IndexNode = Leaf | Branch;

export const isLeaf = (node: IndexNode): node is Leaf => 'entries' in node;

const name = z.string().regex(/^[0-9a-f]{32}$/);
const node = z.union([
  z.object({ format: z.literal(1), entries: z.array(z.tuple([z.string(), z.unknown()])) }),
  z.object({
    format: z.literal(1),
    leaves: z.array(z.tuple([z.string().regex(/^[01]{1,8}$/), name])),
    branches: z.array(z.tuple([z.string().regex(/^[01]{8}$/), name])),
  }),
]);

/** Parses a node; `where` is its place for the message. Throws `TableDamaged` for anything else. */
export const parseNode = (text: string, where: string): IndexNode => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unreadable(where, 'not JSON', cause);
  }
  const parsed = node.safeParse(json);
  if (!parsed.success) throw unreadable(where, 'not a node of format 1', parsed.error);
  const { data } = parsed;
  if ('entries' in data) return { entries: new Map(data.entries) };
  return { leaves: new Map(data.leaves), branches: new Map(data.branches) };
};

/** What to throw for a node that is not as it was written. */
export const unreadable = (where: string, reason: string, cause: unknown): TableDamaged =>
  new TableDamaged(
    `${where} is not a state of sources that can be read: ${reason}. ` +
      'Restore the object, or process it with the release of duckstep that wrote it.',
    { cause },
  );

/** The one text of a node: nodes that hold the same are the same object. */
export const nodeText = (node: IndexNode): string =>
  canonicalJson(
    isLeaf(node)
      ? { format: 1, entries: sorted(node.entries) }
      : { format: 1, leaves: sorted(node.leaves), branches: sorted(node.branches) },
  );

export const nodeName = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Where an id belongs. Of its UTF-16 units: as UTF-8, halves of characters would all be the same. */
export const hashOf = (id: string): Buffer =>
  createHash('sha256').update(Buffer.from(id, 'utf16le')).digest();

/** One byte of a place, as branches spell it. */
export const bitsAt = (place: Buffer, level: number): string =>
  (place[level] ?? 0).toString(2).padStart(8, '0');

/**
 * The bits under which a branch keeps, or would keep, the ids that have these bits: the first of their beginnings
 * that is not the beginning of something longer.
 */
export const slotIn = (branch: Branch): ((bits: string) => string) => {
  const beginnings = new Set<string>();
  for (const slot of [...branch.leaves.keys(), ...branch.branches.keys()]) {
    for (let length = 1; length < slot.length; length += 1) beginnings.add(slot.slice(0, length));
  }
  return (bits) => {
    let length = 1;
    while (length < bits.length && beginnings.has(bits.slice(0, length))) length += 1;
    return bits.slice(0, length);
  };
};

/** JSON with the keys of every object in order, so that equal values are equal texts. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(sorted(new Map(Object.entries(part))))
      : part,
  );

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
