/**
 * Mutations that may be asked for twice: the same request_id gives the first answer again.
 *
 * The claim on the id, the effects and the answer commit together. So the answer is there after a restart, and of many
 * askers at the same moment one works and the others get its answer.
 */
import { createHash } from "node:crypto";

import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";

import { requestId } from "./checks.ts";
import type { Caller } from "./identity.ts";
import { Aborted, Conflict } from "./refusals.ts";

// How often a unit that collided with another one is tried, before the caller is told to try again.
const ATTEMPTS = 6;

/** What names a request: who asks for what, under which id. */
export interface Key {
  readonly callerId: string;
  readonly method: string;
  readonly requestId: string;
}

/** An earlier request and its answer. fingerprint: of the whole request. type: the answer's full name. */
export interface Answered {
  readonly fingerprint: Uint8Array;
  readonly type: string;
  readonly body: Uint8Array;
}

export interface RequestUnit {
  /** Takes the key for this unit; throws Conflict when another unit has it. */
  claim(key: Key): Promise<void>;
  answered(key: Key, answer: Answered): Promise<void>;
}

export interface RequestStore<Unit extends RequestUnit> {
  begin<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result>;
  /** The answer that was given under this key. */
  answerTo(key: Key): Promise<Answered | undefined>;
}

/** The answer that the work gives, done once for each request_id of the caller. */
export async function once<Unit extends RequestUnit, Input extends DescMessage, Output extends DescMessage>(
  store: RequestStore<Unit>,
  caller: Caller,
  method: DescMethodUnary<Input, Output>,
  request: MessageShape<Input> & { requestId: string },
  work: (unit: Unit) => Promise<MessageInitShape<Output>>,
): Promise<MessageShape<Output>> {
  const key = { callerId: caller.id, method: method.input.typeName, requestId: requestId(request.requestId) };
  const fingerprint = createHash("sha256").update(toBinary(method.input, request)).digest();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const earlier = await store.answerTo(key);
    if (earlier !== undefined) return again(method.output, earlier, fingerprint);
    try {
      return await store.begin(async (unit) => {
        await unit.claim(key);
        const given = create(method.output, await work(unit));
        await unit.answered(key, { fingerprint, type: method.output.typeName, body: toBinary(method.output, given) });
        return given;
      });
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
  throw new Conflict();
}

function again<Output extends DescMessage>(
  output: Output,
  earlier: Answered,
  fingerprint: Uint8Array,
): MessageShape<Output> {
  if (Buffer.compare(earlier.fingerprint, fingerprint) !== 0) {
    throw new Aborted("REQUEST_REUSED", "this request_id was used for another request; choose a new one");
  }
  return fromBinary(output, earlier.body);
}
