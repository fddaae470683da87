/** WatchNotifications: resumed without gaps or repeats, on any replica, and everything freed when a watcher goes. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { NotificationService } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_service_pb.ts";

import { Bus, factStream } from "../src/chassis/bus.ts";
import { newId } from "../src/chassis/ids.ts";
import { Relay } from "../src/chassis/relay.ts";
import { Watchers } from "../src/usecases/watching.ts";
import { hear } from "../src/waking.ts";
import { Caller, refusal } from "./support/client.ts";
import { nats, type Running } from "./support/infrastructure.ts";
import { serve, told } from "./support/serving.ts";
import { opened, postgresStores, type Stores } from "./support/stores.ts";
import { Signer } from "./support/tokens.ts";
import { eventually } from "./support/waiting.ts";

const WATCH = NotificationService.method.watchNotifications;

suite("watching", () => {
  let broker: Running;
  let stores: Stores;
  let signer: Signer;

  before(async () => {
    [broker, stores, signer] = await Promise.all([nats(), postgresStores(), Signer.make()]);
  });

  after(async () => {
    await broker[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
  });

  /** One replica of the service: its own store, bus, relay and watchers. */
  async function replica(url: string, atMost?: number) {
    const store = await opened(url);
    const bus = new Bus(broker.url, "notification");
    const ends = new AbortController();
    const watchers = new Watchers(atMost);
    const running = bus.run();
    await bus.ensure(factStream("notification"));
    const relay = new Relay(bus, "notification");
    store.onCommit((facts) => { relay.hand(facts); });
    const parts = [relay.run(store, ends.signal), hear(bus, store, watchers, ends.signal)];
    const served = await serve(store, signer, watchers);
    const dispose = async (): Promise<void> => {
      await served[Symbol.asyncDispose]();
      ends.abort();
      await Promise.all(parts);
      await bus.close();
      await running;
      await store.close();
    };
    return { store, watchers, address: served.address, [Symbol.asyncDispose]: dispose };
  }

  test("only what is new is told to who gives no id, wherever it is made", async () => {
    const url = await stores.url();
    await using here = await replica(url);
    await using there = await replica(url);
    const who = newId();
    await told(here.store, who);
    using ada = new Caller(there.address, await signer.token(who));
    const watching = ada.stream(WATCH, {});
    await watching.begun;
    const started = performance.now();
    await told(here.store, newId());
    for (const each of [here, there]) {
      const made = await told(each.store, who);
      assert.equal((await watching.next()).notification?.id, made);
    }
    // Told, not found by looking: that happens every ten seconds.
    assert(performance.now() - started < 8_000);
    watching.stop();
  });

  test("a watch is resumed after any id, while two replicas write: no gap and no repeat", async () => {
    const url = await stores.url();
    await using here = await replica(url);
    await using there = await replica(url);
    const who = newId();
    const first = await told(here.store, who);
    using ada = new Caller(there.address, await signer.token(who));
    const seen: string[] = [first];
    const writing = Promise.all(Array.from({ length: 60 }, (_, index) => told((index % 2 ? here : there).store, who)));
    while (seen.length < 61) {
      const watching = ada.stream(WATCH, { afterNotificationId: seen.at(-1) ?? "" });
      for (let count = 0; count < 9 && seen.length < 61; count += 1) {
        seen.push((await watching.next()).notification?.id ?? "");
      }
      watching.stop();
    }
    const made = [first, ...(await writing)].sort();
    assert.deepEqual(seen, made);
  });

  test("an id that is not known is a place like any other", async () => {
    await using here = await replica(await stores.url());
    const who = newId();
    const before = newId(new Date(0));
    const made = await told(here.store, who);
    using ada = new Caller(here.address, await signer.token(who));
    const watching = ada.stream(WATCH, { afterNotificationId: before });
    assert.equal((await watching.next()).notification?.id, made);
    watching.stop();
  });

  test("everything is freed when watchers go, and many watch at once", async () => {
    await using here = await replica(await stores.url());
    const who = newId();
    using ada = new Caller(here.address, await signer.token(who));
    const many = Array.from({ length: 200 }, () => ada.stream(WATCH, {}));
    await Promise.all(many.map((each) => each.begun));
    assert.equal(here.watchers.count, 200);
    const made = await told(here.store, who);
    for (const each of many) assert.equal((await each.next()).notification?.id, made);
    for (const each of many) each.stop();
    await eventually(() => here.watchers.count === 0);
    assert.equal(here.watchers.watched, 0);
  });

  test("one more than a server bears is told to try again", async () => {
    await using here = await replica(await stores.url(), 2);
    using ada = new Caller(here.address, await signer.token(newId()));
    const watching = [ada.stream(WATCH, {}), ada.stream(WATCH, {})];
    await Promise.all(watching.map((each) => each.begun));
    const refused = await refusal(ada.stream(WATCH, {}).next());
    assert.deepEqual([refused.code, refused.reason], ["RESOURCE_EXHAUSTED", "TOO_MANY_WATCHERS"]);
    for (const each of watching) each.stop();
    await eventually(() => here.watchers.count === 0);
    const again = ada.stream(WATCH, {});
    await again.begun;
    again.stop();
  });
});
