/**
 * Facts out: the relay publishes what a commit left in the outbox, and marks it once the stream has it.
 *
 * A commit hands its facts to the relay directly, so nothing waits for a timer. A sweep finds what that missed: facts
 * of a process that was killed, or that could not be published. Published twice, a fact is in its stream once, by its
 * id.
 */
import { type Bus, DEAD_STREAM, factStream, REPLAY_STREAM } from "./bus.ts";
import type { Fact } from "./facts.ts";
import { kindOf, log } from "./logs.ts";
import { aborted, Bell, NEVER, pause } from "./waiting.ts";

/** A store's outbox. */
export interface Outbox {
  /** Facts not marked as sent and older than so many milliseconds, oldest first. */
  unsent(olderThanMs: number, limit: number): Promise<readonly Fact[]>;
  /** Marks them. */
  sent(ids: readonly string[]): Promise<void>;
}

// How often the outbox is swept, and how old a fact is before the sweep takes it from the replica that wrote it, in ms.
const SWEEP_EVERY = 1_000;
const SWEEP_AFTER = 5_000;
const BATCH = 200;
// Facts handed over and not yet published; more than these wait for the sweep.
const HANDED_AT_MOST = 10_000;
// How long the last facts may take at a stop, in milliseconds.
const LAST = 3_000;

/** Publishes one service's facts. Several replicas may relay the same outbox. */
export class Relay {
  readonly #bus: Bus;
  readonly #service: string;
  readonly #handed: Fact[] = [];
  readonly #bell = new Bell();

  constructor(bus: Bus, service: string) {
    this.#bus = bus;
    this.#service = service;
  }

  /** Takes facts whose commit is done. */
  hand(committed: readonly Fact[]): void {
    if (committed.length === 0) return;
    this.#handed.push(...committed.slice(0, HANDED_AT_MOST - this.#handed.length));
    this.#bell.ring();
  }

  /** Relays until the signal; then what was handed over is still published, for a short while. */
  async run(outbox: Outbox, signal: AbortSignal): Promise<void> {
    await Promise.race([this.#bus.ready, aborted(signal)]);
    await this.#prepare(signal);
    const sweeping = this.#sweep(outbox, signal);
    while (!signal.aborted) {
      await this.#bell.heard(SWEEP_EVERY, signal);
      await this.#drain(outbox);
    }
    const last = pause(LAST, NEVER);
    await Promise.race([this.#drain(outbox).then(() => sweeping), last]);
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const stream of [factStream(this.#service), DEAD_STREAM, REPLAY_STREAM]) await this.#bus.ensure(stream);
        return;
      } catch (error) {
        log.warning("the streams could not be prepared yet", { error: kindOf(error) });
        await pause(500, signal);
      }
    }
  }

  async #drain(outbox: Outbox): Promise<void> {
    while (this.#handed.length > 0) await this.#publish(outbox, this.#handed.splice(0, BATCH));
  }

  /** How many were published. The rest stay in the outbox. */
  async #publish(outbox: Outbox, batch: readonly Fact[]): Promise<number> {
    if (!this.#bus.connected) return 0;
    const acked = await Promise.all(batch.map((fact) => this.#one(fact)));
    const ids = batch.filter((_, index) => acked[index]).map((fact) => fact.id);
    try {
      if (ids.length > 0) await outbox.sent(ids);
    } catch (error) {
      // The store is away: the sweep publishes them again, and the stream knows them.
      log.warning("published facts could not be marked", { count: ids.length, error: kindOf(error) });
    }
    return ids.length;
  }

  async #one(fact: Fact): Promise<boolean> {
    try {
      await this.#bus.publish(fact.type, fact.body, fact.headers);
      return true;
    } catch (error) {
      log.warning("a fact waits in the outbox", { id: fact.id, error: kindOf(error) });
      return false;
    }
  }

  async #sweep(outbox: Outbox, signal: AbortSignal): Promise<void> {
    let olderThan = 0; // at the start everything: it is of a process that is no more
    while (!signal.aborted) {
      try {
        const found = await outbox.unsent(olderThan, BATCH);
        const published = found.length > 0 ? await this.#publish(outbox, found) : 0;
        if (found.length < BATCH) olderThan = SWEEP_AFTER;
        else if (published === BATCH) continue;
      } catch (error) {
        log.warning("the outbox could not be swept", { error: kindOf(error) });
      }
      await pause(SWEEP_EVERY, signal);
    }
  }
}
