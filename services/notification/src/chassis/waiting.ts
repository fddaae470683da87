/** Waiting that ends: for a time, for a wake-up, for whichever comes first. */

/** The signal of what is not to be cut short. */
export const NEVER = new AbortController().signal;

/** Waits so many milliseconds, or until the signal, or until `early` calls what it is given; never throws. */
export function pause(ms: number, signal: AbortSignal, early?: (end: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    early?.(end);
    if (signal.aborted) end();
  });
}

/** Resolves with the signal's reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => { resolve(signal.reason); }, { once: true });
  });
}

/** A bell: rung before somebody waits, it is still heard; rung many times, it is heard once. */
export class Bell {
  #rung = false;
  #hear: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#hear?.();
  }

  /** Waits for the bell, for at most so many milliseconds, or until the signal. */
  async heard(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) await pause(ms, signal, (end) => { this.#hear = end; });
    this.#hear = undefined;
    this.#rung = false;
  }
}
