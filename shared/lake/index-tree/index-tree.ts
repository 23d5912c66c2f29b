import { TableDamaged } from '../../errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type Branch, bitsAt, canonicalJson, hashOf, isLeaf, slotIn, unreadable } from './index-node.ts';
import { IndexNodes, MAX_PARALLEL, type NodeRef } from './index-nodes.ts';

/** Entries of a leaf: about 30 KB if each describes a source. */
export const MAX_LEAF_ENTRIES = 128;

export interface IndexTreeOptions {
  /** Default `MAX_LEAF_ENTRIES`. Trees that were written with another number can still be read. */
  leafEntries?: number;
}

/** An entry on its way to its leaf. */
interface HashedEntry {
  id: string;
  hash: Buffer;
  json: unknown;
}

/** Children of a branch, by bits. */
type Children = Map<string, NodeRef>;

/**
 * A map from ids to small JSON values, stored as a tree of immutable objects. A change writes only the nodes on the path
 * from the root to the changed entry, so that a commit costs about the same with ten entries as with millions.
 *
 * A version of the map is identified by its root. A change makes a new root, and the old root still reads the old
 * version. Nodes are named by their content, and the order of insertion does not matter, so equal maps have equal
 * roots. Entries are never removed.
 *
 * A leaf lies under 0 branches up to 128 entries, 1 up to about 25,000, 2 up to about 6 million. Requests with an empty
 * cache: `get` takes one read per level (branches and leaf); `put` of one entry takes as many reads and writes, and one
 * or two writes more if a leaf is divided. An instance caches nodes, so callers must not change the values it returns.
 *
 * @throws ObjectMissing when a node is missing; TableDamaged when one cannot be parsed
 */
export class IndexTree<V> {
  readonly #nodes: IndexNodes;
  readonly #parse: (value: unknown) => V;
  readonly #leafEntries: number;

  /**
   * @param keyOf the key of a node, by its name (32 hex digits)
   * @param parse makes a value from JSON, or throws
   */
  constructor(
    store: ObjectStore,
    keyOf: (name: string) => string,
    parse: (value: unknown) => V,
    options: IndexTreeOptions = {},
  ) {
    this.#nodes = new IndexNodes(store, keyOf);
    this.#parse = parse;
    this.#leafEntries = options.leafEntries ?? MAX_LEAF_ENTRIES;
  }

  /** The id's value; undefined if it has none. An undefined root is the empty map. */
  async get(root: string | undefined, id: string): Promise<V | undefined> {
    return (await this.getMany(root, [id])).get(id);
  }

  /** The values of the ids that have one. Reads each node once, however many of the ids are below it. */
  async getMany(root: string | undefined, ids: Iterable<string>): Promise<Map<string, V>> {
    const found = new Map<string, V>();
    const wanted = [...new Set(ids)].map((id) => ({ id, hash: hashOf(id) }));
    if (root !== undefined && wanted.length > 0) await this.#find(root, wanted, 0, found);
    return found;
  }

  /**
   * Adds or replaces values, and returns the new root once all of its nodes are written. Unchanged values write nothing.
   *
   * @throws TableDamaged when a value could not be parsed after it was read back
   */
  async put(root: string | undefined, changes: ReadonlyMap<string, V>): Promise<string> {
    if (root !== undefined && changes.size === 0) return root;
    const entries = [...changes].map(([id, value]) => ({
      id,
      hash: hashOf(id),
      json: this.#jsonOf(id, value),
    }));
    const { name } =
      root === undefined ? await this.#spread(entries, 0) : await this.#change(root, entries, 0);
    return name;
  }

  /**
   * The names of all nodes below these roots, so that a caller can remove the others. Reads branches; reads a leaf only
   * if it is a root.
   *
   * @param seen names that were visited before, with all nodes below them; new names are added to it
   */
  async reachable(roots: Iterable<string>, seen: Set<string> = new Set()): Promise<Set<string>> {
    const visit = async (name: string): Promise<void> => {
      if (seen.has(name)) return;
      seen.add(name);
      const node = await this.#nodes.read(name);
      if (isLeaf(node)) return;
      for (const leaf of node.leaves.values()) seen.add(leaf);
      await Promise.all([...node.branches.values()].map(visit));
    };
    await Promise.all([...roots].map(visit));
    return seen;
  }

  /** All entries, in no particular order. Holds a few nodes in memory at a time. */
  async *entries(root: string | undefined): AsyncIterable<[string, V]> {
    if (root === undefined) return;
    const node = await this.#nodes.read(root);
    if (isLeaf(node)) {
      for (const [id, json] of node.entries) yield [id, this.#valueOf(json, root)];
      return;
    }
    const leaves = [...node.leaves.values()];
    for (let start = 0; start < leaves.length; start += MAX_PARALLEL) {
      const batch = leaves.slice(start, start + MAX_PARALLEL);
      await Promise.all(batch.map((leaf) => this.#nodes.read(leaf)));
      for (const leaf of batch) yield* this.entries(leaf);
    }
    for (const branch of node.branches.values()) yield* this.entries(branch);
  }

  async #find(
    name: string,
    wanted: readonly Pick<HashedEntry, 'id' | 'hash'>[],
    level: number,
    found: Map<string, V>,
  ): Promise<void> {
    const node = await this.#nodes.read(name);
    if (isLeaf(node)) {
      for (const { id } of wanted) {
        if (node.entries.has(id)) found.set(id, this.#valueOf(node.entries.get(id), name));
      }
      return;
    }
    const below = bySlot(node, wanted, level);
    await Promise.all(
      [...below].map(([slot, some]) => {
        const child = node.leaves.get(slot) ?? node.branches.get(slot);
        return child === undefined ? undefined : this.#find(child, some, level + 1, found);
      }),
    );
  }

  /** Writes the node and those below it with these entries added or replaced. */
  async #change(name: string, entries: readonly HashedEntry[], level: number): Promise<NodeRef> {
    const node = await this.#nodes.read(name);
    if (isLeaf(node)) return this.#spread(await this.#merge(name, entries), level, name);
    const children: Children = new Map();
    for (const [slot, child] of node.leaves) children.set(slot, { name: child, leaf: true });
    for (const [slot, child] of node.branches) children.set(slot, { name: child, leaf: false });
    const changed = await Promise.all(
      [...bySlot(node, entries, level)].map(async ([slot, some]) => {
        const child = children.get(slot);
        if (child === undefined) return { slot, now: await this.#divide(slot, some, level) };
        const was = child.name;
        if (!child.leaf) return { slot, now: new Map([[slot, await this.#change(was, some, level + 1)]]) };
        return { slot, now: await this.#divide(slot, await this.#merge(was, some), level, was) };
      }),
    );
    for (const { slot, now } of changed) {
      children.delete(slot);
      for (const [bits, child] of now) children.set(bits, child);
    }
    return this.#nodes.write(branchOf(children), name);
  }

  /** A leaf's entries, with these added or replaced. */
  async #merge(leaf: string, entries: readonly HashedEntry[]): Promise<HashedEntry[]> {
    const node = await this.#nodes.read(leaf);
    const merged = new Map<string, HashedEntry>();
    for (const [id, json] of isLeaf(node) ? node.entries : []) merged.set(id, { id, hash: hashOf(id), json });
    for (const entry of entries) merged.set(entry.id, entry);
    return [...merged.values()];
  }

  /** Writes a subtree of these entries: a leaf, or a branch if they are too many. `was`: see `IndexNodes.write`. */
  async #spread(entries: readonly HashedEntry[], level: number, was?: string): Promise<NodeRef> {
    if (entries.length > this.#leafEntries)
      return this.#nodes.write(branchOf(await this.#divide('', entries, level)));
    return this.#nodes.write({ entries: new Map(entries.map(({ id, json }) => [id, json])) }, was);
  }

  /**
   * Writes the children of a branch for entries that all begin with `bits`. Entries that are too many for a leaf are
   * halved bit by bit. That gives leaves that are about half full, where dividing at once would give 256 small ones.
   */
  async #divide(
    bits: string,
    entries: readonly HashedEntry[],
    level: number,
    was?: string,
  ): Promise<Children> {
    if (bits.length === 8 || (bits !== '' && entries.length <= this.#leafEntries)) {
      return new Map([[bits, await this.#spread(entries, level + 1, was)]]);
    }
    const halves = ['0', '1'].map((bit) => ({
      bits: bits + bit,
      half: entries.filter(({ hash }) => bitsAt(hash, level)[bits.length] === bit),
    }));
    const children = await Promise.all(
      halves.filter(({ half }) => half.length > 0).map(({ bits, half }) => this.#divide(bits, half, level)),
    );
    return new Map(children.flatMap((some) => [...some]));
  }

  /** The value as it will be read back. It is parsed first, since a value that cannot be read makes its leaf unreadable. */
  #jsonOf(id: string, value: V): unknown {
    try {
      const json: unknown = JSON.parse(canonicalJson(value));
      this.#parse(json);
      return json;
    } catch (cause) {
      throw new TableDamaged(`the value of ${id} cannot be written: it could not be read again`, { cause });
    }
  }

  #valueOf(json: unknown, name: string): V {
    try {
      return this.#parse(json);
    } catch (cause) {
      throw unreadable(this.#nodes.where(name), 'a value is not what it must be', cause);
    }
  }
}

const bySlot = <P extends { hash: Buffer }>(branch: Branch, entries: readonly P[], level: number) => {
  const slotOf = slotIn(branch);
  return Map.groupBy(entries, ({ hash }) => slotOf(bitsAt(hash, level)));
};

const branchOf = (children: Children): Branch => ({
  leaves: new Map([...children].filter(([, { leaf }]) => leaf).map(([bits, { name }]) => [bits, name])),
  branches: new Map([...children].filter(([, { leaf }]) => !leaf).map(([bits, { name }]) => [bits, name])),
});
