/**
 * Facts on the wire: a protobuf message as the body, CloudEvents 1.0 (NATS binding) in the headers.
 *
 * The subject is the message's full name; there is one stream per publishing service, named after it.
 */
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";

import { newId } from "./ids.ts";
import * as telemetry from "./telemetry.ts";

/** A message on a stream that is not a fact of ours; the text says why. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

export type Headers = Readonly<Record<string, string>>;

/** Something that happened here. `subject` is the id of the aggregate it happened to. */
export interface Fact {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: Date;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Something that happened elsewhere, as it came. */
export interface Incoming {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: Date;
  readonly body: Uint8Array;
  readonly trace: Headers;
}

/** A fact of this moment, in the current trace. source: the publishing service. */
export function newFact<Schema extends DescMessage>(
  source: string,
  subject: string,
  schema: Schema,
  data: MessageInitShape<Schema>,
  now: Date,
): Fact {
  const id = newId(now);
  const headers = {
    "ce-specversion": "1.0",
    "ce-id": id,
    "ce-type": schema.typeName,
    "ce-source": `/coursemesh/${source}`,
    "ce-subject": subject,
    "ce-time": now.toISOString(),
    "Content-Type": "application/protobuf",
    "Nats-Msg-Id": id,
    ...telemetry.inject(),
  };
  return { id, type: schema.typeName, subject, time: now, headers, body: toBinary(schema, create(schema, data)) };
}

/** The fact in a message from a stream, its body not read yet; throws Malformed. */
export function parse(headers: Headers, body: Uint8Array): Incoming {
  const needed = (name: string): string => {
    const value = headers[name];
    if (value === undefined) throw new Malformed(`it has no ${name}`);
    return value;
  };
  const time = new Date(needed("ce-time"));
  if (Number.isNaN(time.getTime())) throw new Malformed("its ce-time is no time");
  const id = needed("ce-id");
  if (id.length === 0 || id.length > 64) throw new Malformed("its ce-id is not 1 to 64 characters");
  const trace = Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === "traceparent" || name === "tracestate"),
  );
  return { id, type: needed("ce-type"), source: needed("ce-source"), subject: needed("ce-subject"), time, body, trace };
}

/** The message in a fact; throws Malformed. */
export function messageOf<Schema extends DescMessage>(schema: Schema, body: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, body);
  } catch {
    throw new Malformed(`its body is no ${schema.typeName}`);
  }
}

/** The stream that carries a fact: `PAYMENT` for coursemesh.payment.v1.*. */
export function streamOf(type: string): string {
  return (type.split(".")[1] ?? "").toUpperCase();
}
