/**
 * Facts in: durable pull consumers, done once through the inbox, bounded redelivery, then the dead letters.
 *
 * The handlers' effects and the facts' rows in the inbox commit together, then the messages are acked. A message that
 * was acked too late or not at all comes again and is found in the inbox.
 */
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import { createInbox, nanos, type NatsConnection } from "@nats-io/transport-node";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { SpanKind } from "@opentelemetry/api";

import { type Bus, fromNats, REPLAY } from "./bus.ts";
import { bury } from "./deadletters.ts";
import { delivered, type Delivered } from "./delivered.ts";
import { Malformed, messageOf, parse, streamOf, type Incoming } from "./facts.ts";
import { Inflow } from "./inflow.ts";
import { kindOf, log } from "./logs.ts";
import { inSpan } from "./telemetry.ts";
import { aborted, NEVER, pause } from "./waiting.ts";

/** Which fact is handled by what. A handler takes the open unit, the message, and the fact it came in. */
export interface Handler<Unit> {
  readonly type: string;
  handle(unit: Unit, fact: Incoming): Promise<void>;
}

/** A line of a service's table of handlers. */
export function on<Unit, Schema extends DescMessage>(
  schema: Schema,
  handle: (unit: Unit, message: MessageShape<Schema>, fact: Incoming) => Promise<void>,
): Handler<Unit> {
  return { type: schema.typeName, handle: (unit, fact) => handle(unit, messageOf(schema, fact.body), fact) };
}

export interface InboxUnit {
  /** Notes the fact in the inbox; false when it was there. */
  firstTime(fact: Incoming): Promise<boolean>;
}

export interface InboxStore<Unit extends InboxUnit> {
  /** Does the work in a unit that commits when it ends without an error. */
  begin<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result>;
  reachable(): Promise<boolean>;
}

// How long a message waits before it comes again after the first, second … failure, in ms. Then it is dead.
export const BACKOFF = [200, 1_000, 5_000, 15_000, 30_000] as const;
// How many messages are asked for at once, and how long a request for them stands at the broker, in milliseconds.
const BATCH = 64;
const STANDS = 20_000;
// Two missed heartbeats and the request is made again: it is lost when the broker is killed.
const HEARTBEAT = 1_000;
// The broker gives a message to another replica when this one has not answered for so many milliseconds.
const ACK_WAIT = 10_000;
const AWAY = 1_000;
const FLUSH = 500;

/** Consumes from one stream, on behalf of one service. All replicas of the service share its durable consumer. */
export class Consumer<Unit extends InboxUnit> {
  readonly stream: string;
  readonly #bus: Bus;
  readonly #service: string;
  readonly #subjects: readonly string[];
  readonly #handlers: ReadonlyMap<string, Handler<Unit>>;
  readonly #store: InboxStore<Unit>;

  constructor(
    bus: Bus,
    service: string,
    stream: string,
    subjects: readonly string[],
    handlers: readonly Handler<Unit>[],
    store: InboxStore<Unit>,
  ) {
    this.stream = stream;
    this.#bus = bus;
    this.#service = service;
    this.#subjects = subjects;
    this.#handlers = new Map(handlers.map((handler) => [handler.type, handler]));
    this.#store = store;
  }

  /** Consumes until the signal, through every absence of the broker, the stream or the store. */
  async run(signal: AbortSignal): Promise<void> {
    const nats = await Promise.race([this.#bus.ready, aborted(signal).then(() => undefined)]);
    while (nats !== undefined && !signal.aborted) {
      try {
        await this.#bind();
        await this.#consume(nats, signal);
      } catch (error) {
        log.debug("not consuming", { stream: this.stream, error: kindOf(error) });
        await pause(500, signal);
      }
    }
  }

  /** Makes the durable consumer, or brings it to this configuration. Fails while the stream is not there. */
  async #bind(): Promise<void> {
    const config = {
      durable_name: this.#service,
      filter_subjects: [...this.#subjects],
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT),
      // The bound on redelivery is ours, so that the last failure leads to the dead letters, not to silence.
      max_deliver: -1,
      max_ack_pending: 1_000,
    };
    const { consumers } = await this.#bus.manager();
    try {
      await consumers.add(this.stream, config);
    } catch {
      await consumers.update(this.stream, this.#service, config);
    }
  }

  async #consume(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const inbox = createInbox();
    const inflow = new Inflow(nats, inbox);
    try {
      let wanted = 0;
      while (!signal.aborted) {
        if (wanted <= 0) {
          this.#ask(nats, inbox);
          wanted = BATCH;
        }
        const { messages, ended } = await inflow.gather(wanted, 2.5 * HEARTBEAT, signal);
        wanted = ended ? 0 : wanted - messages.length;
        await this.#process(messages.map((message) => delivered(nats, message)));
      }
    } finally {
      // What came in and was not begun goes to another replica now, not after the ack wait.
      for (const message of inflow.close()) delivered(nats, message).nak();
      // A flush that meets a lost connection would wait for ever.
      if (this.#bus.connected) await Promise.race([nats.flush().catch(() => undefined), pause(FLUSH, NEVER)]);
    }
  }

  #ask(nats: NatsConnection, inbox: string): void {
    const asked = { batch: BATCH, expires: nanos(STANDS), idle_heartbeat: nanos(HEARTBEAT) };
    nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${this.#service}`, JSON.stringify(asked), { reply: inbox });
  }

  /** All in one unit, since a commit costs more than most handlers; one by one when that fails. */
  async #process(messages: readonly Delivered[]): Promise<void> {
    const [first] = messages;
    if (first === undefined) return;
    try {
      const batch = messages.map((message) => parse(fromNats(message.headers), message.data));
      await this.#store.begin(async (unit) => {
        for (const fact of batch) await this.#apply(unit, fact);
      });
    } catch (error) {
      if (messages.length === 1) await this.#failed(first, error);
      else for (const message of messages) await this.#process([message]);
      return;
    }
    for (const message of messages) message.ack();
  }

  async #apply(unit: Unit, fact: Incoming): Promise<void> {
    const handler = this.#handlers.get(fact.type);
    if (handler === undefined) throw new Malformed(`nobody here handles ${fact.type.slice(0, 100)}`);
    await inSpan(`handle ${fact.type}`, SpanKind.CONSUMER, fact.trace, async () => {
      if (!(await unit.firstTime(fact))) return;
      await handler.handle(unit, fact);
      log.info("handled", { fact: fact.type, id: fact.id });
    });
  }

  async #failed(message: Delivered, thrown: unknown): Promise<void> {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const told = { subject: message.subject, delivery: message.deliveries };
    const wait = BACKOFF[message.deliveries - 1];
    if (!(await this.#store.reachable())) {
      // Not the message's fault: it waits until the store is back, and that is no reason for it to die.
      log.warning("the store is away; facts wait", told);
      message.nak(AWAY);
      await pause(AWAY, NEVER);
    } else if (error instanceof Malformed || wait === undefined) {
      log.error("a fact could not be handled and is now a dead letter", told, error);
      await bury(this.#bus, this.#service, message, error);
      message.term();
    } else {
      log.warning("a fact could not be handled; it comes again", told, error);
      message.nak(wait);
    }
  }
}

/** One consumer for each stream that the handled facts come from, and one for letters that are replayed. */
export function consumers<Unit extends InboxUnit>(
  bus: Bus,
  service: string,
  handlers: readonly Handler<Unit>[],
  store: InboxStore<Unit>,
): Consumer<Unit>[] {
  const byStream = Map.groupBy(handlers, (handler) => streamOf(handler.type));
  const made = [...byStream].map(([stream, theirs]) =>
    new Consumer(bus, service, stream, theirs.map((handler) => handler.type), handlers, store));
  return [...made, new Consumer(bus, service, REPLAY, [`replay.${service}.>`], handlers, store)];
}
