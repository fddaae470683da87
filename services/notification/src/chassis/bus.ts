/** The connection to NATS: kept open for ever, and the streams on it. */
import {
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import {
  connect,
  headers as newHeaders,
  nanos,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from "@nats-io/transport-node";

import { parse, Malformed, type Headers, type Incoming } from "./facts.ts";
import { kindOf, log } from "./logs.ts";
import { pause } from "./waiting.ts";

/** Dead letters of every consumer, and letters on their way back to one. */
export const DEAD = "DEAD";
export const REPLAY = "REPLAY";

const GIB = 1024 ** 3;
// A relay that was killed between a publish and its mark publishes again: the stream must still know the fact's id.
const DUPLICATE_WINDOW = nanos(30 * 60_000);
const TIMEOUT = 5_000;
const RECONNECT_EVERY = 200;

export type StreamWanted = Partial<StreamConfig> & { name: string };

/**
 * The stream of one service's facts. Kept for ever, since search is rebuilt from them; full, it refuses new ones, which
 * then wait in the outbox, and loses none.
 */
export function factStream(service: string): StreamWanted {
  return {
    name: service.toUpperCase(),
    subjects: [`coursemesh.${service}.v1.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: GIB,
    duplicate_window: DUPLICATE_WINDOW,
  };
}

export const DEAD_STREAM: StreamWanted = {
  name: DEAD,
  subjects: ["dead.>"],
  discard: DiscardPolicy.New,
  max_bytes: GIB / 4,
  duplicate_window: DUPLICATE_WINDOW,
};

export const REPLAY_STREAM: StreamWanted = {
  name: REPLAY,
  subjects: ["replay.>"],
  retention: RetentionPolicy.Workqueue,
  discard: DiscardPolicy.New,
  max_bytes: GIB / 4,
};

/** One process' connection, made in the background and again and again: a broker may come late, and leave. */
export class Bus {
  readonly #url: string;
  readonly #name: string;
  readonly #replicas: number;
  readonly #opened = Promise.withResolvers<NatsConnection>();
  readonly #closing = new AbortController();
  #connected = false;
  #nats: NatsConnection | undefined;

  /** url: with the credentials in it. replicas: how many brokers keep each stream. */
  constructor(url: string, name: string, replicas = 1) {
    this.#url = url;
    this.#name = name;
    this.#replicas = replicas;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The first connection. Later ones are made by the client itself. Never resolves when the bus is closed before. */
  get ready(): Promise<NatsConnection> {
    return this.#opened.promise;
  }

  /** Connects, and stays until the bus is closed; rejects should the client give up. */
  async run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        this.#nats = await connect(options(this.#url, this.#name));
        break;
      } catch (error) {
        log.warning("the broker is not there yet", { error: kindOf(error) });
        await pause(RECONNECT_EVERY, this.#closing.signal);
      }
    }
    if (this.#nats === undefined) return;
    await this.#attend(this.#nats);
  }

  async js(): Promise<JetStreamClient> {
    return jetstream(await this.ready, { timeout: TIMEOUT });
  }

  async manager(): Promise<JetStreamManager> {
    return await jetstreamManager(await this.ready, { timeout: TIMEOUT, checkAPI: false });
  }

  /** Publishes into a stream, and waits until the stream has it. */
  async publish(subject: string, body: Uint8Array, headers: Headers): Promise<void> {
    await (await this.js()).publish(subject, body, { headers: toNats(headers), timeout: TIMEOUT });
  }

  /** Hears facts as they are published, on every replica and without a promise: at most once, none while away. */
  async listen(subject: string, told: (fact: Incoming) => void): Promise<void> {
    const callback = (error: Error | null, message: Msg): void => {
      try {
        if (error === null) told(parse(fromNats(message.headers), message.data));
      } catch (why) {
        if (!(why instanceof Malformed)) throw why;
        log.warning("heard something that is no fact", { subject: message.subject, why: why.message });
      }
    };
    (await this.ready).subscribe(subject, { callback });
  }

  /** Makes the stream, or brings it to this configuration. */
  async ensure(wanted: StreamWanted): Promise<void> {
    const config = { ...wanted, num_replicas: this.#replicas };
    const manager = await this.manager();
    try {
      await manager.streams.add(config);
    } catch {
      await manager.streams.update(wanted.name, config);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connected = false;
    await this.#nats?.close();
  }

  async #attend(nats: NatsConnection): Promise<void> {
    this.#connected = true;
    this.#opened.resolve(nats);
    for await (const status of nats.status()) {
      if (status.type === "disconnect" && !this.#closing.signal.aborted) log.warning("the broker is away");
      if (status.type === "reconnect") log.info("the broker is back");
      if (status.type === "disconnect" || status.type === "reconnect") this.#connected = status.type === "reconnect";
    }
    if (!this.#closing.signal.aborted) throw new Error("the connection to the broker was given up");
  }
}

/** As plain names and values. */
export function fromNats(headers: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries((headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? ""]));
}

function toNats(headers: Headers): MsgHdrs {
  const made = newHeaders();
  for (const [name, value] of Object.entries(headers)) made.set(name, value);
  return made;
}

function options(url: string, name: string): Parameters<typeof connect>[0] {
  const servers = url.split(",").map((each) => new URL(each.trim()));
  const [first] = servers;
  const credentials = first?.username
    ? { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) }
    : {};
  return {
    ...credentials,
    servers: servers.map((each) => each.host),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_EVERY,
    timeout: 2_000,
    pingInterval: 10_000,
    maxPingOut: 2,
    // A broker that is just starting may refuse for a moment.
    ignoreAuthErrorAbort: true,
  };
}
