/** Timers that end together. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Starts the work after some milliseconds, unless the timers are closed by then.
   *
   * @param report called with the error when the work fails
   */
  later(ms: number, work: () => Promise<void>, report: (error: unknown) => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      work().catch(report);
    }, ms);
    this.#running.add(timer);
  }

  /** Cancels all timers, and accepts no further ones. Work that has begun goes on. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
