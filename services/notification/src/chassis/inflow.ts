/** What the broker sends in answer to requests for messages, gathered into batches. */
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";

import { Bell } from "./waiting.ts";

/** The broker is silent, or the consumer is gone: bind again. */
export class Silent extends Error {}

export interface Gathered {
  readonly messages: Msg[];
  /** Whether the request is over. */
  readonly ended: boolean;
}

export class Inflow {
  readonly #waiting: Msg[] = [];
  readonly #bell = new Bell();
  readonly #subscription: Subscription;

  constructor(nats: NatsConnection, inbox: string) {
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) this.#waiting.push(message);
      this.#bell.ring();
    };
    this.#subscription = nats.subscribe(inbox, { callback });
  }

  /**
   * The messages that are there, at most so many; waits for one unless the request or everything ends. Throws Silent
   * when the broker sends nothing, not even a heartbeat, for `silentMs`.
   */
  async gather(most: number, silentMs: number, signal: AbortSignal): Promise<Gathered> {
    const messages: Msg[] = [];
    while (messages.length < most && (messages.length === 0 || this.#waiting.length > 0)) {
      const message = this.#waiting.shift() ?? (await this.#next(silentMs, signal));
      if (message === undefined) return { messages, ended: true };
      const status = message.data.length === 0 ? (message.headers?.code ?? 0) : 0;
      if (status === 0) messages.push(message);
      else if (status === 503) throw new Silent("the consumer is gone");
      else if (status !== 100) return { messages, ended: true }; // 100 is a heartbeat; all others end the request
    }
    return { messages, ended: false };
  }

  /** Ends it; returns what came in and was not gathered. */
  close(): Msg[] {
    this.#subscription.unsubscribe();
    return this.#waiting.splice(0).filter((message) => message.reply?.startsWith("$JS.ACK.") === true);
  }

  /** Undefined when the signal came first. */
  async #next(silentMs: number, signal: AbortSignal): Promise<Msg | undefined> {
    const end = performance.now() + silentMs;
    while (this.#waiting.length === 0 && !signal.aborted) {
      const left = end - performance.now();
      if (left <= 0) throw new Silent("the broker is silent");
      await this.#bell.heard(left, signal);
    }
    return this.#waiting.shift();
  }
}
