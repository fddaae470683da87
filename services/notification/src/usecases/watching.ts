/** Watchers of notifications: told by the facts as they are published, on whichever replica one was made. */
import { ResourceExhausted } from "../chassis/refusals.ts";
import { Bell } from "../chassis/waiting.ts";
import type { Notification } from "../domain/notifications.ts";
import type { Store } from "./ports.ts";

const AT_MOST = 1_000;
// Hearing is at most once, so watchers also look by themselves, in milliseconds.
const LOOK_EVERY = 10_000;
const AT_ONCE = 100;

/** Everybody who watches on this replica. */
export class Watchers {
  readonly #waiting = new Map<string, Set<Bell>>();
  readonly #atMost: number;
  count = 0;

  constructor(atMost = AT_MOST) {
    this.#atMost = atMost;
  }

  /** How many people are watched for. */
  get watched(): number {
    return this.#waiting.size;
  }

  /** Wakes those who watch this person's notifications. */
  told(recipientId: string): void {
    for (const bell of this.#waiting.get(recipientId) ?? []) bell.ring();
  }

  /**
   * The person's notifications after the given one, or all new ones, until the signal. begun: called once whatever
   * comes from now on will be among them.
   */
  async *watch(
    store: Store,
    recipientId: string,
    after: string,
    signal: AbortSignal,
    begun: () => void,
  ): AsyncGenerator<Notification> {
    const bell = this.#enter(recipientId);
    try {
      // In its place before it reads: what comes meanwhile rings, and is read in the next round.
      let seen = after === "" ? await store.read((view) => view.last(recipientId)) : after;
      begun();
      while (!signal.aborted) {
        const found = await store.read((view) => view.after(recipientId, seen, AT_ONCE));
        for (const notification of found) {
          yield notification;
          seen = notification.id;
        }
        if (found.length < AT_ONCE) await bell.heard(LOOK_EVERY, signal);
      }
    } finally {
      this.#leave(recipientId, bell);
    }
  }

  #enter(recipientId: string): Bell {
    if (this.count >= this.#atMost) {
      throw new ResourceExhausted("TOO_MANY_WATCHERS", "too many are watching here; try again", { retryAfter: 1 });
    }
    const bell = new Bell();
    const theirs = this.#waiting.get(recipientId) ?? new Set();
    this.#waiting.set(recipientId, theirs.add(bell));
    this.count += 1;
    return bell;
  }

  #leave(recipientId: string, bell: Bell): void {
    this.count -= 1;
    const theirs = this.#waiting.get(recipientId);
    theirs?.delete(bell);
    if (theirs?.size === 0) this.#waiting.delete(recipientId);
  }
}
