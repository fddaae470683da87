/** Facts as the other services publish them. */
import { create, toBinary, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { EnrollmentActivatedSchema } from "@coursemesh/contracts/src/coursemesh/enrollment/v1/enrollment_events_pb.ts";
import { UserRegisteredSchema } from "@coursemesh/contracts/src/coursemesh/user/v1/user_events_pb.ts";

import { Bus, factStream } from "../../src/chassis/bus.ts";
import { newFact, parse, streamOf, type Fact, type Incoming } from "../../src/chassis/facts.ts";
import { newId } from "../../src/chassis/ids.ts";
import { eventually } from "./waiting.ts";

export function fact<Schema extends DescMessage>(schema: Schema, data: MessageInitShape<Schema>): Fact {
  return newFact(streamOf(schema.typeName).toLowerCase(), newId(), schema, data, new Date());
}

export function incoming(made: Fact): Incoming {
  return parse(made.headers, made.body);
}

export function registered(id: string, email = "ada@example.com", displayName = "Ada"): Fact {
  const now = timestampFromDate(new Date());
  return fact(UserRegisteredSchema, { user: { id, email, displayName, createTime: now, updateTime: now } });
}

export function activated(learnerId: string, courseTitle = "Weaving"): Fact {
  return fact(EnrollmentActivatedSchema, { enrollmentId: newId(), learnerId, courseId: newId(), courseTitle });
}

/** Puts facts into their streams, which it makes; also the same fact again, which the stream takes for another. */
export class Publisher implements AsyncDisposable {
  readonly bus: Bus;
  readonly #running: Promise<void>;

  constructor(url: string) {
    this.bus = new Bus(url, "test");
    this.#running = this.bus.run();
  }

  async prepare(): Promise<this> {
    for (const service of ["user", "course", "enrollment", "payment"]) await this.bus.ensure(factStream(service));
    return this;
  }

  async publish(...facts: readonly Fact[]): Promise<void> {
    for (const each of facts) {
      const headers = { ...each.headers, "Nats-Msg-Id": newId() };
      // Again where a broker that was just restarted did not hear it: the stream knows the id.
      await eventually(() => this.bus.publish(each.type, each.body, headers).then(() => true, () => false));
    }
  }

  /** A message that need not be a fact. */
  async publishRaw(subject: string, body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void> {
    await this.bus.publish(subject, body, headers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bus.close();
    await this.#running;
  }
}

export function bytes<Schema extends DescMessage>(schema: Schema, data: MessageInitShape<Schema>): Uint8Array {
  return toBinary(schema, create(schema, data));
}
