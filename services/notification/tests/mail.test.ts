/** Email over a real SMTP server: once, again when it must be, and never more than it may. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { NotificationSentSchema } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_events_pb.ts";
import { Channel } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_pb.ts";

import { messageOf } from "../src/chassis/facts.ts";
import { newId } from "../src/chassis/ids.ts";
import { text } from "../src/chassis/sql/database.ts";
import { Bell } from "../src/chassis/waiting.ts";
import { activated as words } from "../src/domain/words.ts";
import { smtp } from "../src/smtp.ts";
import type { NotificationStore } from "../src/store/store.ts";
import { Mailing } from "../src/usecases/mailing.ts";
import { tell } from "../src/usecases/telling.ts";
import { answered, catcher, header } from "./support/smtp.ts";
import { opened, sqliteStores, type Opened, type Stores } from "./support/stores.ts";
import { eventually } from "./support/waiting.ts";

const FROM = "Coursemesh <no-reply@coursemesh.example>";

suite("email", () => {
  let stores: Stores;
  before(async () => { stores = await sqliteStores(); });
  after(async () => { await stores[Symbol.asyncDispose](); });

  /** Tells somebody known of a course; their id. */
  async function told(
    store: NotificationStore,
    name = "Ada",
    title = "Weaving",
    address = "ada@example.com",
  ): Promise<string> {
    const id = newId();
    await store.begin(async (unit) => {
      await unit.keep({ id, address, name, updatedMicros: 1 });
      const about = { factId: newId(), recipientId: id, kind: "ENROLLMENT_ACTIVATED", subjectId: newId() } as const;
      await tell(unit, { ...about, words: words(title) });
    });
    return id;
  }

  /** How many NotificationSent there are for emails. */
  async function emailsSent(store: NotificationStore): Promise<number> {
    const facts = (await store.unsent(0, 100)).filter((fact) => fact.type === NotificationSentSchema.typeName);
    return facts.filter((fact) => messageOf(NotificationSentSchema, fact.body).channel === Channel.EMAIL).length;
  }

  /** State, reason and attempts of every email. */
  async function audit(store: Opened): Promise<string[]> {
    const statement = `SELECT state || ' ' || reason || ' ' || attempts AS told FROM deliveries
      WHERE channel = 'EMAIL'`;
    return (await store.database.read((session) => session.all(statement))).map((row) => text(row, "told"));
  }

  /** The time of every email that waits has come. */
  async function hurry(store: Opened): Promise<void> {
    await store.database.write((session) => session.run("UPDATE deliveries SET due = 0 WHERE state = 'PENDING'"));
  }

  test("one that is due goes out once, and says so", async () => {
    await using store = await opened(await stores.url());
    await using post = await catcher();
    const mailing = new Mailing(store, await smtp(post.url, FROM), "https://learn.example/");
    await told(store);
    await Promise.all([mailing.next(), mailing.next()]);
    assert.equal(await mailing.next(), false);
    const [letter, ...more] = post.letters;
    assert(letter !== undefined);
    assert.deepEqual(more, []);
    assert.deepEqual(letter.to, ["ada@example.com"]);
    assert.equal(header(letter, "Subject"), "You are enrolled in Weaving");
    assert.equal(header(letter, "From"), FROM);
    assert.equal(header(letter, "To"), "Ada <ada@example.com>");
    assert.match(letter.text, /text\/plain[\s\S]*Hello Ada,[\s\S]*text\/html[\s\S]*Hello Ada,/);
    assert.deepEqual(await audit(store), ["SENT  1"]);
    assert.equal(await emailsSent(store), 1);
  });

  test("a name or a title that tries to add a header adds none", async () => {
    await using store = await opened(await stores.url());
    await using post = await catcher();
    const evil = "Ada\r\nBcc: all@example.com\r\n\r\nBuy";
    await told(store, `${evil}" <other@example.com>, "x`, evil);
    await new Mailing(store, await smtp(post.url, FROM), "").next();
    const [letter] = post.letters;
    assert(letter !== undefined);
    assert.deepEqual(letter.to, ["ada@example.com"]);
    assert.equal(header(letter, "Bcc"), "");
    assert.equal(header(letter, "Subject"), "You are enrolled in Ada Bcc: all@example.com Buy");
  });

  test("a person whose address is none gets no email", async () => {
    await using store = await opened(await stores.url());
    await using post = await catcher();
    await told(store, "Ada", "Weaving", "");
    await new Mailing(store, await smtp(post.url, FROM), "").next();
    assert.deepEqual(await audit(store), ["FAILED NO_ADDRESS 1"]);
    assert.deepEqual(post.letters, []);
  });

  test("without a server email is off, and the audit says so", async () => {
    await using store = await opened(await stores.url());
    await told(store);
    await new Mailing(store, undefined, "").next();
    assert.deepEqual(await audit(store), ["SKIPPED EMAIL_IS_OFF 1"]);
    assert.equal(await emailsSent(store), 0);
  });

  test("a refusal that may pass is tried again, under the same Message-ID", async () => {
    await using store = await opened(await stores.url());
    const refusals = [answered(451, "later")];
    await using post = await catcher({ data: () => Promise.resolve(refusals.shift()) });
    const mailing = new Mailing(store, await smtp(post.url, FROM), "");
    await told(store);
    await mailing.next();
    assert.deepEqual(await audit(store), ["PENDING Error 1"]);
    await eventually(() => mailing.next());
    assert.deepEqual(await audit(store), ["SENT  2"]);
    assert.equal(post.letters.length, 1);
  });

  test("a recipient who is refused for good is not tried again", async () => {
    await using store = await opened(await stores.url());
    await using post = await catcher({ recipient: () => answered(550, "no such mailbox ada@example.com") });
    await told(store);
    await new Mailing(store, await smtp(post.url, FROM), "").next();
    assert.deepEqual(await audit(store), ["FAILED REFUSED_550 1"]);
    assert.deepEqual(post.letters, []);
  });

  test("a server that is away is tried again until the attempts are over", async () => {
    await using store = await opened(await stores.url());
    const mailing = new Mailing(store, await smtp("smtp://127.0.0.1:1", FROM), "");
    await told(store);
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      const [state] = await audit(store);
      assert(state?.startsWith("PENDING"), `attempt ${attempt}`);
      await hurry(store);
      await mailing.next();
    }
    assert.deepEqual(await audit(store), ["FAILED Error 10"]);
    assert.equal(await emailsSent(store), 0);
  });

  test("one that was accepted and not marked goes out again with the same Message-ID: at least once", async () => {
    await using store = await opened(await stores.url());
    await using post = await catcher();
    const mailer = await smtp(post.url, FROM);
    await told(store);
    // The process dies between the server's answer and the mark: what was sent is not known any more.
    const begin = store.begin.bind(store);
    const dying: NotificationStore = Object.create(store) as NotificationStore;
    let units = 0;
    dying.begin = (work) => ((units += 1) === 1 ? begin(work) : Promise.reject(new Error("killed")));
    dying.read = store.read.bind(store);
    await assert.rejects(new Mailing(dying, mailer, "").next(), /killed/);
    assert.deepEqual(await audit(store), ["PENDING  1"]);
    const mailing = new Mailing(store, mailer, "");
    // The lease holds until it is over.
    assert.equal(await mailing.next(), false);
    await hurry(store);
    await mailing.next();
    const ids = post.letters.map((letter) => header(letter, "Message-ID"));
    assert.equal(ids.length, 2);
    assert.equal(new Set(ids).size, 1);
    assert.equal(await emailsSent(store), 1);
  });

  test("of two replicas that sent it, since the first took too long, one tells the world", async () => {
    await using store = await opened(await stores.url());
    const [first, begun] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    await told(store);
    const slow = new Mailing(store, { send: () => (begun.resolve(undefined), first.promise) }, "").next();
    await begun.promise;
    await hurry(store);
    await new Mailing(store, { send: () => Promise.resolve() }, "").next();
    first.resolve(undefined);
    await slow;
    assert.deepEqual(await audit(store), ["SENT  2"]);
    assert.equal(await emailsSent(store), 1);
  });

  test("the worker sends what it is woken for, and stops with what it is sending marked", async () => {
    await using store = await opened(await stores.url());
    const [accepted, arrived] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    await using post = await catcher({
      data: async () => {
        arrived.resolve(undefined);
        await accepted.promise;
      },
    });
    const [bell, ends] = [new Bell(), new AbortController()];
    store.onCommit((_, wakes) => { if (wakes.has("mail")) bell.ring(); });
    const running = new Mailing(store, await smtp(post.url, FROM), "").run(bell, ends.signal);
    await told(store);
    await arrived.promise;
    ends.abort();
    accepted.resolve(undefined);
    await running;
    assert.deepEqual(await audit(store), ["SENT  1"]);
  });
});
