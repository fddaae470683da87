/** The service as a whole: from a fact to the email and the page, through kills, restarts and stops. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";

import { NotificationService } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_service_pb.ts";

import { newId } from "../src/chassis/ids.ts";
import { Caller } from "./support/client.ts";
import { activated, Publisher, registered } from "./support/facts.ts";
import "./support/quiet.ts";
import { healthOf } from "./support/health.ts";
import { folder, nats, type Running } from "./support/infrastructure.ts";
import { start, type Process } from "./support/service.ts";
import { catcher, header } from "./support/smtp.ts";
import { Signer, type Users } from "./support/tokens.ts";
import { eventually } from "./support/waiting.ts";

const LIST = NotificationService.method.listNotifications;

suite("the process", () => {
  let broker: Running;
  let signer: Signer;
  let users: Users;
  let publisher: Publisher;

  before(async () => {
    broker = await nats();
    signer = await Signer.make();
    users = await signer.serve();
    publisher = await new Publisher(broker.url).prepare();
  });

  after(async () => {
    await publisher[Symbol.asyncDispose]();
    await users[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  function env(data: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      LISTEN: "127.0.0.1:0",
      NATS_URL: broker.url,
      USER_ADDRESS: users.address,
      DATABASE_URL: `sqlite:///${data}/notification.db`,
      MIGRATE_ON_START: "1",
      ...more,
    };
  }

  async function serving(service: Process): Promise<string> {
    const address = await eventually(() => service.address());
    await eventually(async () => (await healthOf(address)) === "SERVING");
    return address;
  }

  test("an enrollment leads to one email and one notification, told often, killed between", async () => {
    await using data = await folder();
    await using post = await catcher();
    const learner = newId();
    const [welcome, enrolled] = [registered(learner), activated(learner)];
    const settings = env(data.path, { SMTP_URL: post.url });
    {
      await using first = start(settings);
      await serving(first);
      // Out of order: the letter waits for the address.
      await publisher.publish(enrolled, enrolled, enrolled);
      await eventually(() => first.lines.some((line) => line["message"] === "handled"));
      first.signal("SIGKILL");
      await first.exited;
    }
    await publisher.publish(welcome, enrolled, enrolled);
    await using second = start(settings);
    const address = await serving(second);
    await eventually(() => post.letters.length === 2);
    await publisher.publish(enrolled, welcome);
    using caller = new Caller(address, await signer.token(learner));
    await eventually(() => second.lines.filter((line) => line["message"] === "email").length === 2);
    const { notifications, unreadCount } = await caller.call(LIST, {});
    const titles = notifications.map(({ title }) => title).sort();
    assert.deepEqual(titles, ["Welcome to Coursemesh", "You are enrolled in Weaving"]);
    assert.equal(unreadCount, 2);
    assert.equal(post.letters.length, 2);
    assert.equal(new Set(post.letters.map((letter) => header(letter, "Message-ID"))).size, 2);
  });

  test("a missing setting is one line that names them all, and status 2", async () => {
    await using service = start({ LISTEN: "127.0.0.1:0", STREAM_REPLICAS: "many", SMTP_URL: "imap://x" });
    assert.equal(await service.exited, 2);
    assert.deepEqual(service.said, [
      "cannot start: NATS_URL is not set; USER_ADDRESS is not set; STREAM_REPLICAS is not a number: 'many'; " +
        "DATABASE_URL is not set; SMTP_URL does not begin with smtp:// or smtps://",
    ]);
  });

  test("a taken port is one clear line", async () => {
    await using data = await folder();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await using service = start(env(data.path, { LISTEN: `127.0.0.1:${port}` }));
    assert.equal(await service.exited, 1);
    assert.deepEqual(service.said, [`cannot listen on 127.0.0.1:${port}: is another program using the port?`]);
    other.close();
  });

  test("it stops on SIGTERM with status 0, also with somebody watching", async () => {
    await using data = await folder();
    await using service = start(env(data.path));
    using caller = new Caller(await serving(service), await signer.token(newId()));
    const watching = caller.stream(NotificationService.method.watchNotifications, {});
    await watching.begun;
    const ended = watching.next().catch((error: unknown) => error);
    service.signal("SIGTERM");
    assert.equal(await service.exited, 0);
    assert.match(String(await ended), /UNAVAILABLE/);
    assert.equal(service.lines.at(-1)?.["message"], "stopped");
  });

  test("it is not serving while the broker is away, serves again when it is back, and stops without one", async () => {
    await using data = await folder();
    await using service = start(env(data.path));
    const address = await serving(service);
    await broker.kill();
    await eventually(async () => (await healthOf(address)) === "NOT_SERVING");
    await broker.start();
    await eventually(async () => (await healthOf(address)) === "SERVING");
    const learner = newId();
    await publisher.publish(registered(learner));
    using caller = new Caller(address, await signer.token(learner));
    await eventually(async () => (await caller.call(LIST, {})).unreadCount === 1);
    await broker.kill();
    service.signal("SIGTERM");
    assert.equal(await service.exited, 0);
    await broker.start();
  });
});
