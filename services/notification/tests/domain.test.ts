/** What notifications, preferences, words and letters are: no server, no store. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Checks } from "../src/chassis/checks.ts";
import { isId, newId, newIdAfter } from "../src/chassis/ids.ts";
import { nextAttempt } from "../src/domain/delivering.ts";
import { compose, isAddress } from "../src/domain/mail.ts";
import { isWanted, markRead, tell } from "../src/domain/notifications.ts";
import { all, change, tidyTags, travels, UNTOUCHED } from "../src/domain/preferences.ts";
import * as words from "../src/domain/words.ts";

const NOW = new Date("2026-08-01T12:00:00Z");
const OCCASION = {
  factId: "fact", recipientId: "ada", kind: "WELCOME" as const, subjectId: "ada", words: words.welcome(),
};
const ADA = { id: "ada", address: "ada@example.com", name: "Ada", updatedMicros: 1 };

suite("ids", () => {
  test("later ids sort after earlier ones", () => {
    assert(newId(new Date(1000)) < newId(new Date(1001)));
    assert(isId(newId()));
  });

  test("an id made after another sorts after it, also when the clock went back", () => {
    let last = newId(new Date("2030-01-01"));
    for (let count = 0; count < 1000; count += 1) {
      const next = newIdAfter(last, NOW);
      assert(next > last, `${next} after ${last}`);
      assert.match(next, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      last = next;
    }
  });

  test("an id carries over into the next field when one is full", () => {
    assert.equal(
      newIdAfter("01980000-0000-7fff-bfff-ffffffffffff", new Date(0)), "01980000-0001-7000-8000-000000000000");
    assert.equal(
      newIdAfter("01980000-0000-7000-bfff-ffffffffffff", new Date(0)), "01980000-0000-7001-8000-000000000000");
  });
});

suite("preferences", () => {
  test("everything is on but news of courses", () => {
    const off = all(UNTOUCHED).filter((each) => !each.enabled);
    assert.deepEqual(off.map((each) => each.kind), ["COURSE_PUBLISHED", "COURSE_PUBLISHED"]);
    assert.equal(all(UNTOUCHED).length, 14);
  });

  test("pairs that are not given stay as they are, and tags are replaced", () => {
    const first = change(UNTOUCHED, {
      chosen: [{ kind: "WELCOME", channel: "EMAIL", enabled: false }], followedTags: ["go"],
    });
    const second = change(first, {
      chosen: [{ kind: "COURSE_PUBLISHED", channel: "IN_APP", enabled: true }], followedTags: ["rust"],
    });
    assert(!travels(second, "WELCOME", "EMAIL"));
    assert(travels(second, "COURSE_PUBLISHED", "IN_APP"));
    assert.deepEqual(second.followedTags, ["rust"]);
    const third = change(second, { chosen: [{ kind: "WELCOME", channel: "EMAIL", enabled: true }], followedTags: [] });
    assert(travels(third, "WELCOME", "EMAIL"));
  });

  test("tags are kept in lower case, once each, and refused when too many or unfit", () => {
    const checks = new Checks();
    assert.deepEqual(tidyTags([" Go", "go", "Art "], "tags", checks), ["art", "go"]);
    assert.deepEqual(checks.violations, {});
    tidyTags(["", "x".repeat(41), "a\u0000b"], "tags", checks);
    assert.deepEqual(Object.keys(checks.violations), ["tags[0]", "tags[1]", "tags[2]"]);
    tidyTags(Array.from({ length: 51 }, (_, index) => `t${index}`), "many", checks);
    assert.equal(checks.violations["many"], "give at most 50");
  });
});

suite("notifications", () => {
  test("one goes by both channels: in the app at once, by email when it is sent", () => {
    const { notification, deliveries } = tell(OCCASION, UNTOUCHED, newId(), NOW);
    assert(notification.inApp);
    const told = deliveries.map(({ channel, state }) => `${channel} ${state}`);
    assert.deepEqual(told, ["IN_APP SENT", "EMAIL PENDING"]);
  });

  test("a channel that is off is skipped, and the audit says so", () => {
    const off = { kind: "WELCOME", enabled: false } as const;
    const chosen = [{ ...off, channel: "IN_APP" }, { ...off, channel: "EMAIL" }] as const;
    const { notification, deliveries } = tell(OCCASION, { chosen, followedTags: [] }, newId(), NOW);
    assert(!notification.inApp);
    assert.deepEqual(deliveries.map(({ state, reason }) => [state, reason]), [
      ["SKIPPED", "TURNED_OFF"], ["SKIPPED", "TURNED_OFF"],
    ]);
    assert(!isWanted("WELCOME", { chosen, followedTags: [] }));
  });

  test("one read before keeps its time", () => {
    const { notification } = tell(OCCASION, UNTOUCHED, newId(), NOW);
    const read = markRead(notification, NOW);
    assert.equal(markRead(read, new Date()).read, NOW);
  });

  test("attempts are spread over hours, and end", () => {
    const waits = Array.from({ length: 10 }, (_, index) => nextAttempt(index + 1, NOW)?.getTime());
    assert.equal(waits[0], NOW.getTime() + 1000);
    assert.equal(waits[9], undefined);
    assert.equal(waits.filter((wait) => wait !== undefined).length, 9);
  });
});

suite("words", () => {
  test("money has the decimals of its currency", () => {
    const told = (amountMinor: bigint, currencyCode: string): string => words.money({ amountMinor, currencyCode });
    assert.equal(told(4900n, "EUR"), "EUR 49.00");
    assert.equal(told(5n, "USD"), "USD 0.05");
    assert.equal(told(4900n, "JPY"), "JPY 4900");
    assert.equal(told(1234567n, "KWD"), "KWD 1234.567");
    assert.equal(told(9007199254740993n, "EUR"), "EUR 90071992547409.93");
    assert.equal(told(4900n, "?"), "? 49.00");
  });

  test("a title of somebody else's stays on one line and of a bearable length", () => {
    const { title, body } = words.activated(`Rust\r\nBcc: all@example.com\u202e${"x".repeat(500)}`);
    assert.doesNotMatch(title + body, /[\r\n\u202e]/);
    assert(title.length <= 200);
  });

  test("every kind has words", () => {
    const amount = { amountMinor: 4900n, currencyCode: "EUR" };
    assert.match(words.declined(amount, "INSUFFICIENT_FUNDS").body, /EUR 49\.00.*not enough money/);
    assert.match(words.declined(undefined, "A_NEW_ONE").body, /refused/);
    assert.match(words.refunded(amount).body, /EUR 49\.00/);
    assert.match(words.certified("Weaving", "ABC").body, /ABC/);
    assert.match(words.cancelled("Weaving").body, /Weaving/);
    assert.match(words.published("Weaving", "By hand.").body, /By hand\./);
  });
});

suite("letters", () => {
  const marked = { ...OCCASION, words: words.activated("<b>\"Tom & Jerry's\"</b>") };
  const { notification } = tell(marked, UNTOUCHED, newId(), NOW);

  test("names and titles are escaped in HTML, and plain in text", () => {
    const mail = compose(notification, { ...ADA, name: "<script>alert('x')</script>" }, "https://example.com/?a=1&b=2");
    assert.doesNotMatch(mail.html, /<script|<b>/);
    assert.match(mail.html, /Hello &lt;script&gt;alert\(&#39;x&#39;\)&lt;\/script&gt;,/);
    assert.match(mail.html, /href="https:\/\/example\.com\/\?a=1&amp;b=2"/);
    assert.match(mail.text, /Hello <script>/);
  });

  test("the same notification has the same Message-ID, and another person's has another", () => {
    const first = compose(notification, ADA, "");
    assert.equal(first.messageId, compose(notification, { ...ADA, name: "Ada L." }, "").messageId);
    const others = { ...notification, recipientId: "bob", id: newId() };
    assert.notEqual(first.messageId, compose(others, { ...ADA, id: "bob" }, "").messageId);
    assert.match(compose({ ...notification, factId: "a> <b\r\n" }, ADA, "").messageId, /^<[^\s<>]+>$/);
  });

  test("who has no name is greeted all the same", () => {
    assert.match(compose(notification, { ...ADA, name: "" }, "").text, /^Hello,\n/);
  });

  test("an address that could name a second one or begin a header is none", () => {
    assert(isAddress("ada+news@example.com"));
    const bad = ["", "ada", "a@b, c@d", "a@b\r\nBcc: c@d", "<a@b>", "a b@c", "a@b@c", '"a"@b', `${"x".repeat(65)}@y`];
    for (const address of bad) assert(!isAddress(address), address);
  });
});
