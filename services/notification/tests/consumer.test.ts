/** Facts in and out over a real broker: done once, dead letters, replay by the system's own tool. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { CoursePublishedSchema } from "@coursemesh/contracts/src/coursemesh/course/v1/course_events_pb.ts";
import { CertificateIssuedSchema, EnrollmentCancelledSchema } from
  "@coursemesh/contracts/src/coursemesh/enrollment/v1/enrollment_events_pb.ts";
import { NotificationSentSchema } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_events_pb.ts";
import { PaymentDeclinedSchema, PaymentRefundedSchema } from
  "@coursemesh/contracts/src/coursemesh/payment/v1/payment_events_pb.ts";

import { Bus, factStream } from "../src/chassis/bus.ts";
import { consumers, type Handler } from "../src/chassis/consumer.ts";
import type { Fact } from "../src/chassis/facts.ts";
import { newId } from "../src/chassis/ids.ts";
import { Unavailable } from "../src/chassis/refusals.ts";
import { Relay } from "../src/chassis/relay.ts";
import { HANDLERS } from "../src/handlers.ts";
import type { NotificationStore } from "../src/store/store.ts";
import type { NotificationUnit } from "../src/store/unit.ts";
import { announceNext } from "../src/usecases/telling.ts";
import { activated, fact, Publisher, registered } from "./support/facts.ts";
import { LETTERS } from "./support/letters.ts";
import { nats, python, type Running } from "./support/infrastructure.ts";
import { opened, sqliteStores, type Stores } from "./support/stores.ts";
import { eventually } from "./support/waiting.ts";

const AMOUNT = { amountMinor: 4900n, currencyCode: "EUR" };

interface Consuming extends AsyncDisposable {
  readonly bus: Bus;
}

suite("facts", () => {
  let broker: Running;
  let stores: Stores;
  let publisher: Publisher;

  before(async () => {
    [broker, stores] = await Promise.all([nats(), sqliteStores()]);
    publisher = await new Publisher(broker.url).prepare();
  });

  after(async () => {
    await publisher[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  /** Consumes and relays, as the process does, until disposed of. */
  function consuming(store: NotificationStore, handlers: readonly Handler<NotificationUnit>[] = HANDLERS): Consuming {
    const bus = new Bus(broker.url, "notification");
    const ends = new AbortController();
    const running = bus.run();
    const relay = new Relay(bus, "notification");
    store.onCommit((facts) => { relay.hand(facts); });
    const parts = consumers(bus, "notification", handlers, store).map((consumer) => consumer.run(ends.signal));
    parts.push(relay.run(store, ends.signal));
    const dispose = async (): Promise<void> => {
      ends.abort();
      await Promise.all(parts);
      await bus.close();
      await running;
    };
    return { bus, [Symbol.asyncDispose]: dispose };
  }

  async function titles(store: NotificationStore, who: string): Promise<string[]> {
    const found = await store.read((view) => view.list(who, { size: 100, after: undefined }, false));
    return found.map(({ title }) => title).sort();
  }

  /** Nothing is on its way to the service any more: every message is acked. */
  async function quiet(bus: Bus): Promise<void> {
    const manager = await bus.manager();
    await eventually(async () => {
      for (const stream of ["USER", "COURSE", "ENROLLMENT", "PAYMENT", "REPLAY"]) {
        const info = await manager.consumers.info(stream, "notification").catch(() => undefined);
        if (info === undefined || info.num_pending + info.num_ack_pending > 0) return false;
      }
      return true;
    });
  }

  /** All dead letters, as the system's own tool reads them; sends them back when told so. */
  async function deadLetters(act: "list" | "replay" = "list"): Promise<Record<string, unknown>[]> {
    return JSON.parse(await python(LETTERS, broker.url, act)) as Record<string, unknown>[];
  }

  test("a fact that is delivered five times is done once, and told to the world once for each channel", async () => {
    await using store = await opened(await stores.url());
    await using service = consuming(store);
    const who = newId();
    const told = activated(who);
    for (let count = 0; count < 5; count += 1) await publisher.publish(told);
    await eventually(async () => (await titles(store, who)).length > 0);
    await quiet(service.bus);
    assert.deepEqual(await titles(store, who), ["You are enrolled in Weaving"]);
    await eventually(async () => (await store.unsent(0, 10)).length === 0);
    const info = await (await service.bus.manager()).streams.info("NOTIFICATION", { subjects_filter: ">" });
    assert.equal(info.state.subjects?.[NotificationSentSchema.typeName], 1);
  });

  test("every fact that people are told of has its words", async () => {
    await using store = await opened(await stores.url());
    await using service = consuming(store);
    const learnerId = newId();
    const [enrollmentId, courseId, paymentId] = [newId(), newId(), newId()];
    const about = { enrollmentId, learnerId, courseId, courseTitle: "Weaving" };
    const payment = { paymentId, enrollmentId, learnerId, amount: AMOUNT };
    await publisher.publish(
      registered(learnerId),
      activated(learnerId),
      fact(EnrollmentCancelledSchema, about),
      fact(CertificateIssuedSchema, { ...about, certificateCode: "ABC" }),
      fact(PaymentDeclinedSchema, { ...payment, declineReason: "CARD_DECLINED" }),
      fact(PaymentRefundedSchema, payment),
    );
    await eventually(async () => (await titles(store, learnerId)).length === 6);
    await quiet(service.bus);
    assert.deepEqual(await titles(store, learnerId), [
      "Welcome to Coursemesh", "You are enrolled in Weaving", "You left Weaving", "Your certificate for Weaving",
      "Your payment was declined", "Your payment was refunded",
    ]);
  });

  test("a published course is told to those who follow its tags and asked for it, each once", async () => {
    await using store = await opened(await stores.url());
    const asks = Array.from({ length: 150 }, () => newId());
    const onlyFollows = newId();
    const wanted = { kind: "COURSE_PUBLISHED", channel: "IN_APP", enabled: true } as const;
    await store.begin(async (unit) => {
      for (const who of asks) await unit.choose(who, { chosen: [wanted], followedTags: ["craft", "wool"] });
      await unit.choose(onlyFollows, { chosen: [], followedTags: ["wool"] });
    });
    await using service = consuming(store);
    const course = { id: newId(), title: "Weaving", summary: "By hand.", tags: ["Wool", "craft"], version: 2n };
    const published = fact(CoursePublishedSchema, { course });
    await publisher.publish(published, published, published);
    await eventually(() => announceNext(store));
    await quiet(service.bus);
    while (await announceNext(store));
    for (const who of asks) assert.deepEqual(await titles(store, who), ["New course: Weaving"]);
    assert.deepEqual(await titles(store, onlyFollows), []);
  });

  test("what is no fact is a dead letter at once, and replayed it is one again with its origin", async () => {
    await using store = await opened(await stores.url());
    await using service = consuming(store);
    await eventually(async () => (await service.bus.manager()).streams.info("DEAD").catch(() => undefined));
    const type = "coursemesh.enrollment.v1.EnrollmentActivated";
    await publisher.publishRaw(type, Buffer.from("?"), { "Nats-Msg-Id": newId() });
    const [letter] = await eventually(async () => { const all = await deadLetters(); return all.length === 1 && all; });
    assert.deepEqual(
      [letter?.["service"], letter?.["reason"], letter?.["subject"], letter?.["stream"], letter?.["deliveries"]],
      ["notification", "Malformed: it has no ce-time", type, "ENROLLMENT", 1]);
    await deadLetters("replay");
    const [again, ...more] = await eventually(async () => {
      const all = await deadLetters();
      return all.length === 1 && all[0]?.["number"] !== letter?.["number"] && all;
    });
    assert.deepEqual(more, []);
    const place = [again?.["stream"], again?.["sequence"], again?.["subject"]];
    assert.deepEqual(place, ["ENROLLMENT", letter?.["sequence"], type]);
    await (await service.bus.manager()).streams.purge("DEAD");
  });

  test("a fact that is sent back is done, and one that was done before changes nothing", async () => {
    await using store = await opened(await stores.url());
    await using service = consuming(store);
    const who = newId();
    const told = activated(who);
    await eventually(async () => (await service.bus.manager()).streams.info("REPLAY").catch(() => undefined));
    for (const id of ["first", "second"]) {
      const headers = { ...told.headers, "Nats-Msg-Id": id };
      await publisher.publishRaw(`replay.notification.${told.type}`, told.body, headers);
    }
    await publisher.publish(told);
    await eventually(async () => (await titles(store, who)).length > 0);
    await quiet(service.bus);
    assert.equal((await titles(store, who)).length, 1);
  });

  test("a fact that cannot be handled comes again, and one that can then be is done", async () => {
    await using store = await opened(await stores.url());
    const who = newId();
    let failures = 2;
    const failing = HANDLERS.map((real): Handler<NotificationUnit> => ({
      type: real.type,
      handle: (unit, given) => ((failures -= 1) >= 0 ? Promise.reject(new Error("not now")) : real.handle(unit, given)),
    }));
    await using service = consuming(store, failing);
    await publisher.publish(activated(who));
    await eventually(async () => (await titles(store, who)).length === 1);
    await quiet(service.bus);
    assert.deepEqual(await deadLetters(), []);
  });

  test("while the store is away facts wait, however long, and are no dead letters", async () => {
    await using store = await opened(await stores.url());
    const who = newId();
    let tried = 0;
    const begin = store.begin.bind(store);
    let away = true;
    store.reachable = () => Promise.resolve(!away);
    store.begin = (work) => {
      tried += 1;
      return away ? Promise.reject(new Unavailable("STORE_UNAVAILABLE", "away")) : begin(work);
    };
    await using service = consuming(store);
    await publisher.publish(activated(who));
    // More often than a fact may fail, and without the growing waits of one that fails.
    await eventually(() => tried >= 7);
    away = false;
    await eventually(async () => (await titles(store, who)).length === 1);
    await quiet(service.bus);
    assert.deepEqual(await deadLetters(), []);
  });

  test("facts of a process that died are published by the next, and known by their id", async () => {
    await using store = await opened(await stores.url());
    const who = newId();
    const told: Fact[] = [];
    store.onCommit((facts) => { told.push(...facts); });
    await store.begin(async (unit) => {
      for (const handler of HANDLERS) {
        const made = activated(who);
        if (handler.type === made.type) await handler.handle(unit, { ...made, source: "", trace: {} });
      }
    });
    const bus = new Bus(broker.url, "notification");
    const running = bus.run();
    await bus.ensure(factStream("notification"));
    // Published, and the process died before it was marked.
    for (const each of told) await bus.publish(each.type, each.body, each.headers);
    const before = (await (await bus.manager()).streams.info("NOTIFICATION")).state.messages;
    const ends = new AbortController();
    const relaying = new Relay(bus, "notification").run(store, ends.signal);
    await eventually(async () => (await store.unsent(0, 10)).length === 0);
    ends.abort();
    await relaying;
    assert.equal((await (await bus.manager()).streams.info("NOTIFICATION")).state.messages, before);
    await bus.close();
    await running;
  });
});
