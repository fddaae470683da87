/** Facts that were published once are read for ever, in TypeScript as in every language. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { createRegistry, fromBinary, toBinary, toJson } from "../../gen/typescript/node_modules/@bufbuild/protobuf/dist/esm/index.js";
import { file_coursemesh_course_v1_course_events as course } from "../../gen/typescript/src/coursemesh/course/v1/course_events_pb.ts";
import { file_coursemesh_enrollment_v1_enrollment_events as enrollment } from "../../gen/typescript/src/coursemesh/enrollment/v1/enrollment_events_pb.ts";
import { file_coursemesh_notification_v1_notification_events as notification } from "../../gen/typescript/src/coursemesh/notification/v1/notification_events_pb.ts";
import { file_coursemesh_payment_v1_payment_events as payment } from "../../gen/typescript/src/coursemesh/payment/v1/payment_events_pb.ts";
import { file_coursemesh_user_v1_user_events as user } from "../../gen/typescript/src/coursemesh/user/v1/user_events_pb.ts";

const registry = createRegistry(course, enrollment, notification, payment, user);
const folder = new URL("./golden/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".binpb"))
  .map((file) => file.slice(0, -".binpb".length));

test("there are golden facts", () => assert.ok(names.length > 0));

for (const name of names) {
  test(`${name} still says what it said`, () => {
    const schema = registry.getMessage(name);
    assert.ok(schema, "it is not in the contracts any more");
    const golden = readFileSync(new URL(`${name}.binpb`, folder));
    const told: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
    const message = fromBinary(schema, golden);
    assert.equal(message.$unknown, undefined);
    assert.deepEqual(toJson(schema, message, { registry }), told);
    assert.deepEqual(Buffer.from(toBinary(schema, message)), golden);
  });
}
