// Waiting that ends early when there is something to do.

export class Pauses {
  #ends = new Set<() => void>();

  /** pause waits for a time in milliseconds, or until it is woken. */
  pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const end = () => {
        clearTimeout(timer);
        this.#ends.delete(end);
        done();
      };
      const timer = setTimeout(end, ms);
      this.#ends.add(end);
    });
  }

  wake(): void {
    this.#ends.forEach((end) => end());
  }
}

/** about spreads what many do at the same time. */
export const about = (ms: number): number => ms * (0.8 + 0.4 * Math.random());
