/** The chassis' own parts that need no server; each speaks as its counterpart in Python does. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { asked, page } from "../src/chassis/paging.ts";
import { delivered } from "../src/chassis/delivered.ts";
import { Malformed, newFact, parse } from "../src/chassis/facts.ts";
import { configure, log } from "../src/chassis/logs.ts";
import { InvalidArgument } from "../src/chassis/refusals.ts";
import { flag, number, parse as parsed, text } from "../src/chassis/settings.ts";
import * as telemetry from "../src/chassis/telemetry.ts";
import { Bell, NEVER, pause } from "../src/chassis/waiting.ts";
import { SpanKind } from "@opentelemetry/api";
import { UserRegisteredSchema } from "@coursemesh/contracts/src/coursemesh/user/v1/user_events_pb.ts";
import { python } from "./support/infrastructure.ts";

suite("settings", () => {
  const SPEC = { natsUrl: text(), logLevel: text("INFO"), drainSeconds: number(10), clientRetries: flag(true) };

  test("a name is read from the variable of that name", () => {
    const { settings, problems } = parsed(SPEC, { NATS_URL: "nats://x", DRAIN_SECONDS: "2.5", CLIENT_RETRIES: "off" });
    assert.deepEqual(settings, { natsUrl: "nats://x", logLevel: "INFO", drainSeconds: 2.5, clientRetries: false });
    assert.deepEqual(problems, []);
  });

  test("a setting that is needed and set to nothing is missing", () => {
    assert.deepEqual(parsed(SPEC, { NATS_URL: "" }).problems, ["NATS_URL is not set"]);
  });

  test("what cannot be read is named, all of it", () => {
    const { problems } = parsed(SPEC, { DRAIN_SECONDS: "inf", CLIENT_RETRIES: "perhaps" });
    assert.deepEqual(problems, [
      "NATS_URL is not set",
      "DRAIN_SECONDS is not a number: 'inf'",
      "CLIENT_RETRIES is neither true nor false: 'perhaps'",
    ]);
  });
});

suite("paging", () => {
  const ID = "01980000-0000-7000-8000-000000000001";

  test("sizes are brought into bounds", () => {
    assert.equal(asked(0, "").size, 20);
    assert.equal(asked(-1, "").size, 20);
    assert.equal(asked(1_000_000, "").size, 100);
  });

  test("a token leads beyond the last row shown, and is Python's", async () => {
    const { rows, nextToken } = page([ID, "another"], 1, (id) => id);
    assert.deepEqual(rows, [ID]);
    assert.equal(asked(1, nextToken).after, ID);
    const script = "import sys; from services.chassis.paging import asked; print(asked(1, sys.argv[1]).after, end='')";
    assert.equal(await python(script, nextToken), ID);
  });

  test("the last page has no token", () => {
    assert.equal(page([ID], 1, (id) => id).nextToken, "");
  });

  test("a token made up is refused", () => {
    const made = ["v1:no-id", `v2:${ID}`].map((each) => Buffer.from(each).toString("base64url"));
    for (const token of ["x", "!!!", ...made]) {
      assert.throws(() => asked(1, token), InvalidArgument, token);
    }
  });
});

suite("facts", () => {
  const NOW = new Date("2026-08-01T12:00:00.123Z");
  const FACT = newFact("user", "ada", UserRegisteredSchema, { user: { id: "ada" } }, NOW);

  test("a fact has the headers of CloudEvents, and Python reads it", async () => {
    const script = `
import json, sys
from services.chassis import facts
from coursemesh.user.v1 import user_events_pb2
fact = facts.parse(json.loads(sys.argv[1]), bytes.fromhex(sys.argv[2]))
print(fact.type, fact.id, fact.source, fact.subject, fact.time.isoformat(), fact.data.user.id, end="")`;
    const read = await python(script, JSON.stringify(FACT.headers), Buffer.from(FACT.body).toString("hex"));
    assert.equal(
      read, `coursemesh.user.v1.UserRegistered ${FACT.id} /coursemesh/user ada 2026-08-01T12:00:00.123000+00:00 ada`);
    assert.equal(FACT.headers["Nats-Msg-Id"], FACT.id);
  });

  test("what lacks a header, or has an unfit one, is malformed and says why", () => {
    const without = Object.fromEntries(Object.entries(FACT.headers).filter(([name]) => name !== "ce-id"));
    assert.throws(() => parse(without, FACT.body), new Malformed("it has no ce-id"));
    assert.throws(() => parse({ ...FACT.headers, "ce-time": "soon" }, FACT.body), Malformed);
    assert.throws(() => parse({ ...FACT.headers, "ce-id": "x".repeat(65) }, FACT.body), Malformed);
  });

  test("a delivery is read from the reply subject, short or long", () => {
    const tail = "COURSE.notification.3.17.20.1785585600123000000.4";
    for (const reply of [`$JS.ACK.${tail}`, `$JS.ACK.domain.account.${tail}.token`]) {
      const message = { subject: "s", data: new Uint8Array(), reply };
      const read = delivered(...([{}, message] as unknown as Parameters<typeof delivered>));
      assert.deepEqual([read.stream, read.deliveries, read.sequence], ["COURSE", 3, 17]);
      assert.equal(read.time.toISOString(), "2026-08-01T12:00:00.123Z");
    }
  });
});

suite("traces", () => {
  test("a trace goes on through a fact, and the log names it", async () => {
    await telemetry.configure("notification", {});
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const lines: string[] = [];
    configure("notification", "info", (line) => { lines.push(line); });
    const made = await telemetry.inSpan("handle", SpanKind.CONSUMER, { traceparent: `00-${trace}-b7ad6b7169203331-01` },
      async () => {
        await Promise.resolve();
        log.info("inside");
        return newFact("user", "ada", UserRegisteredSchema, {}, new Date());
      });
    const carried = parse(made.headers, made.body).trace["traceparent"] ?? "";
    assert.match(carried, new RegExp(`^00-${trace}-(?!b7ad)\\w{16}-01$`));
    assert.equal((JSON.parse(lines[0] ?? "") as Record<string, unknown>)["trace_id"], trace);
    await telemetry.close();
  });
});

suite("logs", () => {
  test("a line is JSON with the service and the fields, from the level on", () => {
    const lines: string[] = [];
    configure("notification", "info", (line) => { lines.push(line); });
    log.debug("not told");
    log.warning("told", { count: 3 }, new Error("why"));
    const [line, ...more] = lines.map((each) => JSON.parse(each) as Record<string, unknown>);
    assert.deepEqual(more, []);
    const { time, exception, ...rest } = line ?? {};
    assert.deepEqual(rest, { level: "WARNING", service: "notification", message: "told", count: 3 });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
    assert.match(String(exception), /Error: why/);
  });
});

suite("waiting", () => {
  test("a bell that rang before is heard at once, and once", async () => {
    const bell = new Bell();
    bell.ring();
    bell.ring();
    await bell.heard(60_000, NEVER);
    const ends = new AbortController();
    const second = bell.heard(60_000, ends.signal).then(() => "heard");
    assert.equal(await Promise.race([second, pause(20, NEVER).then(() => "silent")]), "silent");
    bell.ring();
    assert.equal(await second, "heard");
  });

  test("a pause ends with its signal", async () => {
    const ends = new AbortController();
    const waiting = pause(60_000, ends.signal);
    ends.abort();
    await waiting;
    await pause(60_000, ends.signal);
  });
});
