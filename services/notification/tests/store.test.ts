/** The store, on SQLite and on a real PostgreSQL alike. */
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { after, before, suite, test } from "node:test";

import { isId, newId } from "../src/chassis/ids.ts";
import { Conflict, Unavailable } from "../src/chassis/refusals.ts";
import { open } from "../src/chassis/sql/open.ts";
import type { Person } from "../src/domain/mail.ts";
import type { Notification } from "../src/domain/notifications.ts";
import { welcome } from "../src/domain/words.ts";
import { NotificationStore } from "../src/store/store.ts";
import { tell } from "../src/usecases/telling.ts";
import { incoming, registered } from "./support/facts.ts";
import { opened, postgresStores, sqliteStores, type Stores } from "./support/stores.ts";

const LONG_AGO = new Date("2020-01-01T00:00:00Z");
const LATER = new Date(Date.now() + 60_000);

function person(id: string, name = "Ada", updatedMicros = 1): Person {
  return { id, address: "ada@example.com", name, updatedMicros };
}

async function told(store: NotificationStore, recipientId: string, factId = newId()): Promise<void> {
  await store.begin((unit) =>
    tell(unit, { factId, recipientId, kind: "WELCOME", subjectId: recipientId, words: welcome() }));
}

async function listed(store: NotificationStore, recipientId: string): Promise<readonly Notification[]> {
  return await store.read((view) => view.list(recipientId, { size: 100, after: undefined }, false));
}

for (const [name, make] of [["SQLite", sqliteStores], ["PostgreSQL", postgresStores]] as const) {
  suite(`the store on ${name}`, () => {
    let stores: Stores;
    before(async () => { stores = await make(); });
    after(async () => { await stores[Symbol.asyncDispose](); });

    test("many replicas may migrate at once, and again", async () => {
      const url = await stores.url();
      // A SQLite file belongs to one process, and is migrated by one after the other.
      const replicas = await Promise.all([1, 2, 3].map(() => NotificationStore.open(url)));
      if (name === "PostgreSQL") await Promise.all(replicas.map((replica) => replica.migrate()));
      for (const replica of replicas) await replica.migrate();
      await Promise.all(replicas.map((replica) => replica.close()));
    });

    test("a unit that fails changes nothing", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      await assert.rejects(store.begin(async (unit) => {
        await tell(unit, { factId: newId(), recipientId: who, kind: "WELCOME", subjectId: who, words: welcome() });
        throw new Error("after all");
      }), /after all/);
      assert.deepEqual(await listed(store, who), []);
      assert.deepEqual(await store.unsent(0, 10), []);
    });

    test("a fact is new once", async () => {
      await using store = await opened(await stores.url());
      const fact = incoming(registered(newId()));
      assert.equal(await store.begin((unit) => unit.firstTime(fact)), true);
      assert.equal(await store.begin((unit) => unit.firstTime(fact)), false);
    });

    test("a notification and its fact commit together, and the outbox keeps it until it is sent", async () => {
      await using store = await opened(await stores.url());
      const heard: string[] = [];
      store.onCommit((facts) => { heard.push(...facts.map((fact) => fact.type)); });
      const who = newId();
      await told(store, who);
      const [kept, ...more] = await store.unsent(0, 10);
      assert.deepEqual(more, []);
      assert.equal(kept?.type, "coursemesh.notification.v1.NotificationSent");
      assert.equal(kept.headers["ce-id"], kept.id);
      assert.deepEqual(heard, [kept.type]);
      assert.deepEqual(await store.unsent(60_000, 10), []);
      await store.sent([kept.id]);
      assert.deepEqual(await store.unsent(0, 10), []);
    });

    test("one person is told of one fact once, whatever the inbox says", async () => {
      await using store = await opened(await stores.url());
      const [who, fact] = [newId(), newId()];
      await told(store, who, fact);
      await assert.rejects(told(store, who, fact));
      assert.equal((await listed(store, who)).length, 1);
    });

    test("of many units at the same moment each notification gets an id after those committed before", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      const seen: string[] = [];
      const ends = new AbortController();
      const reading = (async (): Promise<void> => {
        // What a watcher does: read on from the last id it saw, while others write.
        while (!ends.signal.aborted || seen.length < 40) {
          const found = await store.read((view) => view.after(who, seen.at(-1) ?? "", 100));
          seen.push(...found.map(({ id }) => id));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      await Promise.all(Array.from({ length: 40 }, () => told(store, who)));
      ends.abort();
      await reading;
      const all = (await listed(store, who)).map(({ id }) => id);
      assert.deepEqual(seen, all.toReversed());
      assert(all.every(isId));
    });

    test("pages go from the newest to the oldest, and the unread are counted", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      for (let count = 0; count < 5; count += 1) await told(store, who);
      const all = await listed(store, who);
      const beyond = await store.read((view) => view.list(who, { size: 2, after: all[1]?.id }, false));
      assert.deepEqual(beyond, all.slice(2, 5));
      const first = all[0]?.id ?? "";
      await store.begin((unit) => unit.markRead(first, LONG_AGO));
      await store.begin((unit) => unit.markRead(first, new Date()));
      assert.equal((await store.begin((unit) => unit.notification(who, first)))?.read?.getTime(), LONG_AGO.getTime());
      assert.equal(await store.read((view) => view.unread(who)), 4);
      const unread = await store.read((view) => view.list(who, { size: 10, after: undefined }, true));
      assert.deepEqual(unread, all.slice(1));
    });

    test("somebody else's notification is not found", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      await told(store, who);
      const id = (await listed(store, who))[0]?.id ?? "";
      assert.equal(await store.begin((unit) => unit.notification(newId(), id)), undefined);
    });

    test("what was chosen is kept, and replaced", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      const off = { kind: "WELCOME", channel: "EMAIL", enabled: false } as const;
      const first = { chosen: [off], followedTags: ["go", "rust"] };
      await store.begin((unit) => unit.choose(who, first));
      assert.deepEqual(await store.read((view) => view.preferences(who)), first);
      const second = { chosen: [{ ...off, enabled: true }], followedTags: [] };
      await store.begin((unit) => unit.choose(who, second));
      assert.deepEqual(await store.read((view) => view.preferences(who)), second);
    });

    test("an older profile does not replace a newer one, in whatever order they come", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      await told(store, who);
      await store.begin((unit) => unit.keep(person(who, "New", 1_785_585_600_000_002)));
      await store.begin((unit) => unit.keep(person(who, "Old", 1_785_585_600_000_001)));
      const [due] = await store.begin((unit) => unit.take(LATER, LATER, 10));
      assert.equal(due?.person.name, "New");
    });

    test("an email is not due before its address is known, and is taken by one replica", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      await told(store, who);
      assert.equal(await store.read((view) => view.isDue(LATER)), false);
      assert.deepEqual(await store.begin((unit) => unit.take(LATER, LATER, 10)), []);
      await store.begin((unit) => unit.keep(person(who)));
      assert.equal(await store.read((view) => view.isDue(LATER)), true);
      const until = new Date(LATER.getTime() + 60_000);
      const taken = await Promise.all([1, 2, 3].map(() => store.begin((unit) => unit.take(LATER, until, 10))));
      assert.deepEqual(taken.map((each) => each.length).sort(), [0, 0, 1]);
      // A replica that took it and died: the lease ends.
      const [again] = await store.begin((unit) => unit.take(until, until, 10));
      assert.equal(again?.attempts, 2);
    });

    test("what became of an email is noted once", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      await store.begin((unit) => unit.keep(person(who)));
      await told(store, who);
      const [due] = await store.begin((unit) => unit.take(LATER, LATER, 10));
      const id = due?.notification.id ?? "";
      assert.equal(await store.begin((unit) => unit.settle(id, { state: "SENT", reason: "" }, LATER)), true);
      assert.equal(await store.begin((unit) => unit.settle(id, { state: "SENT", reason: "" }, LATER)), false);
      assert.equal(await store.read((view) => view.isDue(new Date(LATER.getTime() * 2))), false);
    });

    test("an email to somebody who never becomes known is given up", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      await told(store, who);
      assert.equal(await store.begin((unit) => unit.giveUp(LONG_AGO, LATER)), 0);
      assert.equal(await store.begin((unit) => unit.giveUp(LATER, LATER)), 1);
      await store.begin((unit) => unit.keep(person(who)));
      assert.equal(await store.read((view) => view.isDue(LATER)), false);
    });

    test("of two units that claim one request id one works, and the other is in conflict", async () => {
      await using store = await opened(await stores.url());
      const key = { callerId: newId(), method: "m", requestId: "r" };
      const answer = { fingerprint: Buffer.from("f"), type: "t", body: Buffer.from("b") };
      const claims = [1, 2].map(() => store.begin(async (unit) => {
        await unit.claim(key);
        await unit.answered(key, answer);
      }));
      const outcomes = await Promise.allSettled(claims);
      const failed = outcomes.filter((outcome) => outcome.status === "rejected");
      assert.equal(failed.length, 1);
      assert(failed[0]?.reason instanceof Conflict);
      assert.equal(Buffer.from((await store.answerTo(key))?.body ?? []).toString(), "b");
    });

    test("what was done long ago is forgotten", async () => {
      await using store = await opened(await stores.url());
      const who = newId();
      await told(store, who);
      await store.sent((await store.unsent(0, 10)).map((fact) => fact.id));
      await store.begin((unit) => unit.purge(new Date()));
      assert.equal((await listed(store, who)).length, 1);
      await store.begin((unit) => unit.purge(new Date(Date.now() + 400 * 24 * 3_600_000)));
      assert.deepEqual(await listed(store, who), []);
    });
  });
}

test("a store that is away is unavailable, and its password is not told", async () => {
  const store = await NotificationStore.open("postgresql+psycopg://user:secret@127.0.0.1:1/none");
  await assert.rejects(store.begin(() => Promise.resolve()), (error) =>
    error instanceof Unavailable && error.reason === "STORE_UNAVAILABLE" && !error.message.includes("secret"));
  assert.equal(await store.reachable(), false);
  await store.close();
});

test("nobody else on the machine may read the SQLite file", async () => {
  await using stores = await sqliteStores();
  const url = (await stores.url()).replace("sqlite://", "sqlite+aiosqlite://");
  await using store = await opened(url);
  assert(await store.reachable());
  const path = url.slice("sqlite+aiosqlite:///".length);
  for (const file of [path, `${path}-wal`]) assert.equal((await stat(file)).mode & 0o777, 0o600, file);
});

test("an unknown kind of database is refused", async () => {
  await assert.rejects(open("mysql://user:secret@host/name"), (error) =>
    error instanceof TypeError && !error.message.includes("secret"));
});
