import { createHash } from 'node:crypto';
import { z } from 'zod';
import { TableDamaged } from '../../errors.ts';

export interface Leaf {
  /** Values as JSON, by id. */
  entries: ReadonlyMap<string, unknown>;
}

/**
 * Finds its children by one byte of the ids' hashes: the n-th byte for a branch n levels below the root. A child's key
 * is the first bits of that byte, which all ids below the child share. Leaves have as few bits as keep them small;
 * branches have all eight.
 */
export interface Branch {
  /** Names of nodes by bits, like `011`. No key is a prefix of another. */
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

/**
 * Parses a node.
 *
 * @param where the node's location, for the message
 * @throws TableDamaged when the text is not a node
 */
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

/** The error for a node that does not have the form that it was written in. */
export const unreadable = (where: string, reason: string, cause: unknown): TableDamaged =>
  new TableDamaged(
    `${where} is not a state of sources that can be read: ${reason}. ` +
      'Restore the object, or process it with the release of duckstep that wrote it.',
    { cause },
  );

/** The canonical text of a node: nodes with equal content are the same object. */
export const nodeText = (node: IndexNode): string =>
  canonicalJson(
    isLeaf(node)
      ? { format: 1, entries: sortedByKey(node.entries) }
      : { format: 1, leaves: sortedByKey(node.leaves), branches: sortedByKey(node.branches) },
  );

export const nodeName = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

/** The hash of an id's UTF-16 units. As UTF-8, all unpaired surrogates would be equal. */
export const hashOf = (id: string): Buffer =>
  createHash('sha256').update(Buffer.from(id, 'utf16le')).digest();

/** One byte of a hash, as branches spell it. */
export const bitsAt = (hash: Buffer, level: number): string =>
  (hash[level] ?? 0).toString(2).padStart(8, '0');

/**
 * The key under which a branch keeps, or would keep, ids with the given bits: their shortest prefix that is not a
 * proper prefix of a key in use.
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

/** JSON with the keys of every object sorted, so that equal values have equal texts. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(sortedByKey(new Map(Object.entries(part))))
      : part,
  );

const sortedByKey = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
