import pLimit from 'p-limit';
import { ObjectMissing } from '../../errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type IndexNode, isLeaf, nodeName, nodeText, parseNode } from './index-node.ts';

/** Nodes fetched or written at a time. */
export const MAX_PARALLEL = 16;

/** Nodes kept in memory; each has about 20 KB. */
const MAX_CACHED = 512;

/** A node's name, and whether it is a leaf, so that callers who only need names read no leaves. */
export interface NodeRef {
  name: string;
  leaf: boolean;
}

/** Reads and writes the nodes of index trees as objects, and caches those used last. A node never changes. */
export class IndexNodes {
  readonly #store: ObjectStore;
  readonly #keyOf: (name: string) => string;
  readonly #limit = pLimit(MAX_PARALLEL);
  /** In the order of use, the least recently used first. */
  readonly #cached = new Map<string, Promise<IndexNode>>();

  constructor(store: ObjectStore, keyOf: (name: string) => string) {
    this.#store = store;
    this.#keyOf = keyOf;
  }

  /**
   * Takes one request, or none if the node is cached.
   *
   * @throws ObjectMissing when the object does not exist; TableDamaged when it is not a node
   */
  read(name: string): Promise<IndexNode> {
    const cached = this.#cached.get(name);
    if (cached !== undefined) {
      this.#cache(name, cached);
      return cached;
    }
    const reading = this.#limit(() => this.#fetch(name)).catch((error: unknown) => {
      this.#cached.delete(name);
      throw error;
    });
    this.#cache(name, reading);
    return reading;
  }

  /**
   * Writes a node, unless it equals the node named `was`. An existing object is written again: an attempt that never
   * committed may have left it, and maintenance would remove it for its age.
   */
  async write(node: IndexNode, was?: string): Promise<NodeRef> {
    const text = nodeText(node);
    const name = nodeName(text);
    if (name !== was) await this.#limit(() => this.#store.write(this.#keyOf(name), text));
    this.#cache(name, Promise.resolve(node));
    return { name, leaf: isLeaf(node) };
  }

  /** A node's location, for messages. */
  where(name: string): string {
    return `${this.#store.name}/${this.#keyOf(name)}`;
  }

  async #fetch(name: string): Promise<IndexNode> {
    const body = await this.#store.read(this.#keyOf(name));
    if (body !== undefined) return parseNode(body.toString(), this.where(name));
    throw new ObjectMissing(
      `${this.where(name)} is not there, and a table's index of sources needs it: restore the object`,
    );
  }

  #cache(name: string, node: Promise<IndexNode>): void {
    this.#cached.delete(name);
    this.#cached.set(name, node);
    const [oldest] = this.#cached.keys();
    if (this.#cached.size > MAX_CACHED && oldest !== undefined) this.#cached.delete(oldest);
  }
}
