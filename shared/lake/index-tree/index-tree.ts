import { TableDamaged } from '../../errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type Branch, bitsAt, canonicalJson, hashOf, isLeaf, slotIn, unreadable } from './index-node.ts';
import { IndexNodes, MAX_PARALLEL, type Ref } from './index-nodes.ts';

/** Most entries of a leaf: some 30 KB with the state of a source in each. */
export const MAX_LEAF_ENTRIES = 128;

export interface IndexTreeOptions {
  /** Trees that were made with different numbers can be read all the same. */
  leafEntries?: number;
}

/** An entry on its way to its leaf. */
interface HashedEntry {
  id: string;
  place: Buffer;
  json: unknown;
}

/** The children of a branch, by bits. */
type Children = Map<string, Ref>;

/**
 * A map from ids to small JSON values, kept as immutable objects of a store: a tree of which a change writes only
 * the nodes on the way from the root to it, so that a commit costs the same with ten entries as with millions.
 *
 * A state is named by its root; what changes is a new root, and who has the old one still reads the old state.
 * Nodes are named by their content, and the same entries make the same tree whatever the order they came in: equal
 * states have equal roots. Nothing is ever removed from a state.
 *
 * With E entries a leaf lies under 0 branches up to 128 entries, 1 up to about 25,000, 2 up to about 6 million.
 * Requests, where nothing is remembered: `get` one read a level (branches and leaf), `put` of one change as many
 * reads and as many writes, and one or two writes more where a leaf is divided. An instance remembers nodes, so
 * values that it gives away must not be changed.
 *
 * Throws `ObjectMissing` where a node is gone and `TableDamaged` where one is not what was written.
 */
export class IndexTree<V> {
  readonly #nodes: IndexNodes;
  readonly #parse: (value: unknown) => V;
  readonly #leafEntries: number;

  /**
   * @param keyOf the key of the node of a name (32 hex digits)
   * @param parse makes a value of what was read, or throws
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

  /** The id's value; undefined where it has none. A root that is undefined is the empty state's. */
  async get(root: string | undefined, id: string): Promise<V | undefined> {
    return (await this.getMany(root, [id])).get(id);
  }

  /** The values of those of the ids that have one. Reads each node once, however many of the ids are below it. */
  async getMany(root: string | undefined, ids: Iterable<string>): Promise<Map<string, V>> {
    const found = new Map<string, V>();
    const wanted = [...new Set(ids)].map((id) => ({ id, place: hashOf(id) }));
    if (root !== undefined && wanted.length > 0) await this.#find(root, wanted, 0, found);
    return found;
  }

  /**
   * The state with these values added or replaced: its root, once all of its nodes are written. Values that are
   * there already write nothing. Throws `TableDamaged` for a value that could not be read again.
   */
  async put(root: string | undefined, changes: ReadonlyMap<string, V>): Promise<string> {
    if (root !== undefined && changes.size === 0) return root;
    const placed = [...changes].map(([id, value]) => ({
      id,
      place: hashOf(id),
      json: this.#jsonOf(id, value),
    }));
    const { name } = root === undefined ? await this.#spread(placed, 0) : await this.#change(root, placed, 0);
    return name;
  }

  /**
   * The names of all nodes of these states, for who removes the others. Reads branches, and of leaves only roots.
   *
   * @param seen names whose nodes, and all below them, are known; added to, and returned
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

  /** All of a state, in no order that means anything. Holds a few nodes at a time. */
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
    wanted: readonly Pick<HashedEntry, 'id' | 'place'>[],
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

  /** The node with these entries in it, and what has become of the nodes below. */
  async #change(name: string, placed: readonly HashedEntry[], level: number): Promise<Ref> {
    const node = await this.#nodes.read(name);
    if (isLeaf(node)) return this.#spread(await this.#merged(name, placed), level, name);
    const children: Children = new Map();
    for (const [slot, child] of node.leaves) children.set(slot, { name: child, leaf: true });
    for (const [slot, child] of node.branches) children.set(slot, { name: child, leaf: false });
    const changed = await Promise.all(
      [...bySlot(node, placed, level)].map(async ([slot, some]) => {
        const child = children.get(slot);
        if (child === undefined) return { slot, now: await this.#divide(slot, some, level) };
        const was = child.name;
        if (!child.leaf) return { slot, now: new Map([[slot, await this.#change(was, some, level + 1)]]) };
        return { slot, now: await this.#divide(slot, await this.#merged(was, some), level, was) };
      }),
    );
    for (const { slot, now } of changed) {
      children.delete(slot);
      for (const [bits, child] of now) children.set(bits, child);
    }
    return this.#nodes.write(branchOf(children), name);
  }

  /** A leaf's entries with these in their place. */
  async #merged(leaf: string, placed: readonly HashedEntry[]): Promise<HashedEntry[]> {
    const node = await this.#nodes.read(leaf);
    const merged = new Map<string, HashedEntry>();
    for (const [id, json] of isLeaf(node) ? node.entries : [])
      merged.set(id, { id, place: hashOf(id), json });
    for (const entry of placed) merged.set(entry.id, entry);
    return [...merged.values()];
  }

  /** A whole subtree of these entries: a leaf, or a branch where they are too many. `was`: see `StateNodes.write`. */
  async #spread(placed: readonly HashedEntry[], level: number, was?: string): Promise<Ref> {
    if (placed.length > this.#leafEntries)
      return this.#nodes.write(branchOf(await this.#divide('', placed, level)));
    return this.#nodes.write({ entries: new Map(placed.map(({ id, json }) => [id, json])) }, was);
  }

  /**
   * The children of a branch that these entries make, all of which have the bits: halved, bit by bit, as long as
   * they are too many for a leaf. Half of a full leaf each, where 256 small ones would come of dividing at once.
   */
  async #divide(
    bits: string,
    placed: readonly HashedEntry[],
    level: number,
    was?: string,
  ): Promise<Children> {
    if (bits.length === 8 || (bits !== '' && placed.length <= this.#leafEntries)) {
      return new Map([[bits, await this.#spread(placed, level + 1, was)]]);
    }
    const halves = ['0', '1'].map((bit) => ({
      bits: bits + bit,
      half: placed.filter(({ place }) => bitsAt(place, level)[bits.length] === bit),
    }));
    const children = await Promise.all(
      halves.filter(({ half }) => half.length > 0).map(({ bits, half }) => this.#divide(bits, half, level)),
    );
    return new Map(children.flatMap((some) => [...some]));
  }

  /** The value as it will be read: what could not be would spoil the whole leaf. */
  #jsonOf(id: string, value: V): unknown {
    try {
      const json: unknown = JSON.parse(canonicalJson(value));
      this.#parse(json);
      return json;
    } catch (cause) {
      throw new TableDamaged(`the state of ${id} cannot be written: it could not be read again`, { cause });
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

const bySlot = <P extends { place: Buffer }>(branch: Branch, placed: readonly P[], level: number) => {
  const slotOf = slotIn(branch);
  return Map.groupBy(placed, ({ place }) => slotOf(bitsAt(place, level)));
};

const branchOf = (children: Children): Branch => ({
  leaves: new Map([...children].filter(([, { leaf }]) => leaf).map(([bits, { name }]) => [bits, name])),
  branches: new Map([...children].filter(([, { leaf }]) => !leaf).map(([bits, { name }]) => [bits, name])),
});
