/** The RPCs, over a real server with real tokens. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { create, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { Channel, Kind } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_pb.ts";
import { NotificationService } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_service_pb.ts";
import { SignJWT } from "jose";

import { newId } from "../src/chassis/ids.ts";
import { Unavailable } from "../src/chassis/refusals.ts";
import { Caller, refusal } from "./support/client.ts";
import { healthOf } from "./support/health.ts";
import { python } from "./support/infrastructure.ts";
import { REFLECTION } from "./support/reflection.ts";
import { logged } from "./support/quiet.ts";
import { serve, told, type Served } from "./support/serving.ts";
import { opened, sqliteStores, type Stores } from "./support/stores.ts";
import { Signer } from "./support/tokens.ts";
import { eventually } from "./support/waiting.ts";
import type { NotificationStore } from "../src/store/store.ts";

const { listNotifications, markRead, getPreferences, updatePreferences, watchNotifications } =
  NotificationService.method;

suite("the RPCs", () => {
  let stores: Stores;
  let store: NotificationStore & AsyncDisposable;
  let signer: Signer;
  let served: Served;

  before(async () => {
    stores = await sqliteStores();
    store = await opened(await stores.url());
    signer = await Signer.make();
    served = await serve(store, signer);
  });

  after(async () => {
    await served[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
  });

  async function caller(id = newId()): Promise<Caller & { readonly id: string }> {
    return Object.assign(new Caller(served.address, await signer.token(id)), { id });
  }

  test("a person's notifications come newest first, in pages, with the count of the unread", async () => {
    using ada = await caller();
    for (let count = 0; count < 3; count += 1) await told(store, ada.id);
    await told(store, newId());
    const first = await ada.call(listNotifications, { pageSize: 2 });
    const second = await ada.call(listNotifications, { pageSize: 2, pageToken: first.nextPageToken });
    const ids = [...first.notifications, ...second.notifications].map(({ id }) => id);
    assert.deepEqual(ids, ids.toSorted().toReversed());
    assert.equal(ids.length, 3);
    assert.equal(second.nextPageToken, "");
    assert.equal(first.unreadCount, 3);
    const [latest] = first.notifications;
    assert.deepEqual([latest?.recipientId, latest?.kind, latest?.subjectId], [ada.id, Kind.WELCOME, ada.id]);
    assert(latest?.createTime !== undefined && latest.readTime === undefined);
  });

  test("read is read once, and only by its owner", async () => {
    using ada = await caller();
    using bob = await caller();
    const notificationId = await told(store, ada.id);
    const refused = await refusal(bob.call(markRead, { requestId: "1", notificationId }));
    assert.deepEqual([refused.code, refused.reason], ["NOT_FOUND", "NOTIFICATION_UNKNOWN"]);
    assert.equal(refused.domain, "coursemesh");
    const first = await ada.call(markRead, { requestId: "1", notificationId });
    const again = await ada.call(markRead, { requestId: "2", notificationId });
    assert(first.notification?.readTime !== undefined);
    assert.deepEqual(again.notification?.readTime, first.notification.readTime);
    assert.equal((await ada.call(listNotifications, { unreadOnly: true })).notifications.length, 0);
  });

  test("the same request id gives the first answer again, also to twenty at once, and no other request", async () => {
    using ada = await caller();
    const notificationId = await told(store, ada.id);
    const request = { requestId: "same", notificationId };
    const answers = await Promise.all(Array.from({ length: 20 }, () => ada.call(markRead, request)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    const other = await told(store, ada.id);
    const refused = await refusal(ada.call(markRead, { requestId: "same", notificationId: other }));
    assert.deepEqual([refused.code, refused.reason], ["ABORTED", "REQUEST_REUSED"]);
  });

  test("preferences are all there by default, and change pair by pair", async () => {
    using ada = await caller();
    const before = (await ada.call(getPreferences, {})).preferences;
    assert.equal(before?.preferences.length, 14);
    const changed = await ada.call(updatePreferences, {
      requestId: "1",
      preferences: {
        preferences: [{ kind: Kind.COURSE_PUBLISHED, channel: Channel.IN_APP, enabled: true }],
        followedTags: ["Rust", " go "],
      },
    });
    assert.deepEqual(changed.preferences?.followedTags, ["go", "rust"]);
    const off = changed.preferences.preferences.filter((each) => !each.enabled);
    assert.deepEqual(off.map(({ kind, channel }) => [kind, channel]), [[Kind.COURSE_PUBLISHED, Channel.EMAIL]]);
    assert.deepEqual((await ada.call(getPreferences, {})).preferences, changed.preferences);
  });

  test("every wrong field is named, and nothing changes", async () => {
    using ada = await caller();
    const refused = await refusal(ada.call(updatePreferences, {
      requestId: "1",
      preferences: {
        preferences: [
          { kind: Kind.UNSPECIFIED, channel: Channel.EMAIL, enabled: true },
          { kind: Kind.WELCOME, channel: 99 as Channel, enabled: true },
          { kind: Kind.WELCOME, channel: Channel.EMAIL, enabled: false },
          { kind: Kind.WELCOME, channel: Channel.EMAIL, enabled: true },
        ],
        followedTags: ["fine", ""],
      },
    }));
    assert.deepEqual([refused.code, refused.reason], ["INVALID_ARGUMENT", "INVALID_INPUT"]);
    assert.deepEqual(Object.keys(refused.violations).sort(), [
      "preferences.followed_tags[1]", "preferences.preferences[0].kind", "preferences.preferences[1].channel",
      "preferences.preferences[3]",
    ]);
    const { preferences } = await ada.call(getPreferences, {});
    assert.deepEqual(preferences?.followedTags, []);
  });

  for (const [what, method, request, field] of [
    ["a page token made up", listNotifications, { pageToken: "bWFkZSB1cA" }, "page_token"],
    ["no request id", markRead, { notificationId: newId() }, "request_id"],
    ["a request id with a line break", markRead, { requestId: "a\nb", notificationId: newId() }, "request_id"],
    ["an id that is none", markRead, { requestId: "1", notificationId: "'; DROP TABLE people" }, "notification_id"],
    ["no preferences", updatePreferences, { requestId: "1" }, "preferences"],
  ] as const) {
    test(`${what} is refused by the field's name`, async () => {
      using ada = await caller();
      const bytes = toBinary(method.input as DescMessage, create(method.input as DescMessage, request));
      const refused = await refusal(ada.raw(method as typeof markRead, bytes));
      assert.deepEqual([refused.code, Object.keys(refused.violations)], ["INVALID_ARGUMENT", [field]]);
    });
  }

  test("bytes that are no message are refused, and a watch after no id too", async () => {
    using ada = await caller();
    const refused = await refusal(ada.raw(listNotifications, Buffer.from([0xff, 0xff, 0xff])));
    assert.deepEqual([refused.code, refused.reason], ["INVALID_ARGUMENT", "INVALID_INPUT"]);
    const watched = await refusal(ada.stream(watchNotifications, { afterNotificationId: "x" }).next());
    assert.deepEqual(Object.keys(watched.violations), ["after_notification_id"]);
  });

  test("without a good token nothing is served", async () => {
    const other = await Signer.make();
    const id = newId();
    const forged = await new SignJWT({ sub: id, role: "admin" })
      .setProtectedHeader({ alg: "HS256", kid: signer.kid }).setIssuer("coursemesh").setAudience("coursemesh")
      .setIssuedAt().setExpirationTime("5m").sign(Buffer.from("0".repeat(32)));
    const [head = "", claims = ""] = (await signer.token(id)).split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", kid: signer.kid })).toString("base64url");
    const bad: [string, string][] = [
      ["", "TOKEN_MISSING"],
      ["nonsense", "TOKEN_INVALID"],
      [forged, "TOKEN_INVALID"],
      [`${none}.${claims}.`, "TOKEN_INVALID"],
      [`${head}.${claims}.${"A".repeat(86)}`, "TOKEN_INVALID"],
      [await other.token(id), "TOKEN_INVALID"],
      [await other.token(id, {}, signer.kid), "TOKEN_INVALID"],
      [await signer.token(id, { aud: "others" }), "TOKEN_INVALID"],
      [await signer.token(id, { iss: "others" }), "TOKEN_INVALID"],
      [await signer.token(id, { role: undefined }), "TOKEN_INVALID"],
      [await signer.token(id, { sub: undefined }), "TOKEN_INVALID"],
      [await signer.token(id, { exp: undefined }), "TOKEN_INVALID"],
      [await signer.token(id, { iat: Math.floor(Date.now() / 1000) + 600 }), "TOKEN_INVALID"],
      [await signer.token(id, { exp: Math.floor(Date.now() / 1000) - 60 }), "TOKEN_EXPIRED"],
    ];
    for (const [token, reason] of bad) {
      using nobody = new Caller(served.address, token);
      const watch = (): Promise<unknown> => nobody.stream(watchNotifications, {}).next();
      for (const call of [(): Promise<unknown> => nobody.call(listNotifications, {}), watch]) {
        const refused = await refusal(call());
        assert.deepEqual([refused.code, refused.reason], ["UNAUTHENTICATED", reason], token);
      }
    }
  });

  test("who is served is logged with the method, the code, the caller's service and the trace", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const more = { "x-caller-service": "gateway", traceparent: `00-${trace}-b7ad6b7169203331-01` };
    using ada = new Caller(served.address, await signer.token(newId()), more);
    await ada.call(getPreferences, {});
    const line = await eventually(() =>
      logged.map((each) => JSON.parse(each) as Record<string, unknown>).find((each) => each["from"] === "gateway"));
    assert.equal(line["message"], "served");
    assert.equal(line["method"], "/coursemesh.notification.v1.NotificationService/GetPreferences");
    assert.equal(line["code"], "OK");
    assert.equal(typeof line["ms"], "number");
  });

  test("an unexpected error shows its trace and nothing else", async () => {
    await using broken = await opened(await stores.url());
    await using place = await serve(broken, signer);
    broken.read = () => Promise.reject(new Error("secret of the store"));
    using ada = new Caller(place.address, await signer.token(newId()));
    const refused = await refusal(ada.call(getPreferences, {}));
    assert.deepEqual([refused.code, refused.reason], ["INTERNAL", "INTERNAL_ERROR"]);
    assert.doesNotMatch(JSON.stringify(refused), /secret/);
    assert(logged.some((line) => line.includes("secret of the store")));
  });

  test("a call ends with its deadline, and a store that is away is unavailable", async () => {
    await using slow = await opened(await stores.url());
    await using place = await serve(slow, signer);
    using ada = new Caller(place.address, await signer.token(newId()));
    slow.read = () => new Promise(() => undefined);
    assert.equal((await refusal(ada.call(getPreferences, {}, 100))).code, "DEADLINE_EXCEEDED");
    slow.read = () => Promise.reject(new Unavailable("STORE_UNAVAILABLE", "try again"));
    assert.equal((await refusal(ada.call(getPreferences, {}))).reason, "STORE_UNAVAILABLE");
  });

  test("health follows what is missed, and reflection tells of the service", async () => {
    const ends = new AbortController();
    let there = false;
    const following = served.server.follow(new Map([["store", () => Promise.resolve(there)]]), ends.signal);
    const name = NotificationService.typeName;
    assert.equal(await healthOf(served.address, name), "NOT_SERVING");
    there = true;
    await eventually(async () => (await healthOf(served.address, name)) === "SERVING");
    ends.abort();
    await following;
  });

  test("reflection tells all that the contract says, in both versions", async () => {
    assert.deepEqual((await python(REFLECTION, served.address)).trim().split("\n"), [
      "coursemesh.notification.v1.NotificationService grpc.health.v1.Health " +
        "grpc.reflection.v1.ServerReflection grpc.reflection.v1alpha.ServerReflection",
      "ListNotifications:1 MarkRead:2 GetPreferences:1 UpdatePreferences:2 WatchNotifications:1",
    ]);
  });
});
