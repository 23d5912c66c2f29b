import pLimit from 'p-limit';
import { ObjectMissing } from '../../errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type IndexNode, isLeaf, nodeName, nodeText, parseNode } from './index-node.ts';

/** How many nodes are fetched or written at once. */
export const MAX_PARALLEL = 16;

/** Nodes of some 20 KB each. */
const MAX_CACHED = 512;

/** A node by its name, and whether it is a leaf: so that who only needs names reads no leaves. */
export interface Ref {
  name: string;
  leaf: boolean;
}

/** The nodes of state trees as objects, the last ones used kept in memory: a node never changes. */
export class IndexNodes {
  readonly #store: ObjectStore;
  readonly #keyOf: (name: string) => string;
  readonly #limit = pLimit(MAX_PARALLEL);
  /** The least recently used first. */
  readonly #remembered = new Map<string, Promise<IndexNode>>();

  constructor(store: ObjectStore, keyOf: (name: string) => string) {
    this.#store = store;
    this.#keyOf = keyOf;
  }

  /** Throws `ObjectMissing`, and `TableDamaged` for what is not a node. One request, or none. */
  read(name: string): Promise<IndexNode> {
    const remembered = this.#remembered.get(name);
    if (remembered !== undefined) {
      this.#remember(name, remembered);
      return remembered;
    }
    const reading = this.#limit(() => this.#fetch(name)).catch((error: unknown) => {
      this.#remembered.delete(name);
      throw error;
    });
    this.#remember(name, reading);
    return reading;
  }

  /**
   * Writes a node, unless it is what the one named `was` is. Also where it might be there already: what an
   * attempt left behind that never committed is now as young as this one, and not removed for its age.
   */
  async write(node: IndexNode, was?: string): Promise<Ref> {
    const text = nodeText(node);
    const name = nodeName(text);
    if (name !== was) await this.#limit(() => this.#store.write(this.#keyOf(name), text));
    this.#remember(name, Promise.resolve(node));
    return { name, leaf: isLeaf(node) };
  }

  /** A node's place, for messages. */
  where(name: string): string {
    return `${this.#store.name}/${this.#keyOf(name)}`;
  }

  async #fetch(name: string): Promise<IndexNode> {
    const body = await this.#store.read(this.#keyOf(name));
    if (body !== undefined) return parseNode(body.toString(), this.where(name));
    throw new ObjectMissing(
      `${this.where(name)} is not there, and a table's state of sources needs it: restore the object`,
    );
  }

  #remember(name: string, node: Promise<IndexNode>): void {
    this.#remembered.delete(name);
    this.#remembered.set(name, node);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_CACHED && oldest !== undefined) this.#remembered.delete(oldest);
  }
}
