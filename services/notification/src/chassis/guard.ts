/** What stands around every method of a servicer: trace, identity, deadline, errors, access log. */
import { once } from "node:events";

import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Metadata,
  status as codes,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
} from "@grpc/grpc-js";
import { SpanKind, SpanStatusCode, type Span } from "@opentelemetry/api";

import { CALLER_SERVICE } from "./channels.ts";
import { toStatus } from "./errors.ts";
import type { Caller, Tokens } from "./identity.ts";
import { log } from "./logs.ts";
import { DeadlineExceeded, InvalidArgument, ResourceExhausted } from "./refusals.ts";
import { inSpan } from "./telemetry.ts";
import { aborted } from "./waiting.ts";

/** What a method knows of its call. */
export interface Call {
  readonly caller: Caller;
  /** The caller is gone, the time is over, or the server stops. */
  readonly signal: AbortSignal;
  /** Tells the caller of a stream that it is in place, before there is anything to say. */
  readonly begun: () => void;
}

/** A class whose methods serve those of a service. */
export type Servicer<Service extends DescService> = {
  [Name in keyof Service["method"]]: Service["method"][Name] extends {
    methodKind: infer MethodKind;
    input: infer Input extends DescMessage;
    output: infer Output extends DescMessage;
  }
    ? MethodKind extends "unary"
      ? (request: MessageShape<Input>, call: Call) => Promise<MessageInitShape<Output>>
      : (request: MessageShape<Input>, call: Call) => AsyncIterable<MessageInitShape<Output>>
    : never;
};

type ServerSurfaceCall = ServerUnaryCall<Buffer, Uint8Array> | ServerWritableStream<Buffer, Uint8Array>;
export type Unary = (request: MessageShape<DescMessage>, call: Call) => Promise<MessageInitShape<DescMessage>>;
export type Streaming = (
  request: MessageShape<DescMessage>,
  call: Call,
) => AsyncIterable<MessageInitShape<DescMessage>>;

// What a call gets when its caller set no deadline; a stream that nobody ends is ended, and the client opens another.
const UNARY_MS = 10_000;
const STREAM_MS = 3_600_000;
// What a timer can hold.
const LONGEST_MS = 2 ** 31 - 1;
const CALLS_AT_MOST = 2_000;
// Ours to mend; any other code is the caller's.
const FAULTS = new Set([
  codes.INTERNAL, codes.UNKNOWN, codes.UNAVAILABLE, codes.DEADLINE_EXCEEDED, codes.DATA_LOSS, codes.UNIMPLEMENTED,
]);

class Cancelled extends Error {}

/** Guards all methods of one server. */
export class Guard {
  readonly #tokens: Tokens;
  readonly #stopping: AbortSignal;
  active = 0;

  /** stopping: ends the streams. */
  constructor(tokens: Tokens, stopping: AbortSignal) {
    this.#tokens = tokens;
    this.#stopping = stopping;
  }

  unary(method: DescMethod, behavior: Unary): handleUnaryCall<Buffer, Uint8Array> {
    return (call, callback) => {
      let answer: Uint8Array | undefined;
      const work = async (around: Call): Promise<void> => {
        const given = await behavior(decoded(method, call.request), around);
        answer = toBinary(method.output, create(method.output, given));
      };
      void this.#serve(method, call, UNARY_MS, undefined, work).then((refused) => { callback(refused, answer); });
    };
  }

  stream(method: DescMethod, behavior: Streaming): handleServerStreamingCall<Buffer, Uint8Array> {
    return (call) => {
      const work = async (around: Call): Promise<void> => {
        for await (const given of behavior(decoded(method, call.request), around)) {
          if (around.signal.aborted) return;
          const bytes = toBinary(method.output, create(method.output, given));
          // A caller who reads slowly holds back the reading of the store, not the memory.
          if (!call.write(bytes)) await once(call, "drain", { signal: around.signal });
        }
      };
      void this.#serve(method, call, STREAM_MS, this.#stopping, work).then((refused) => {
        if (refused === null) call.end();
        else call.emit("error", refused);
      });
    };
  }

  /** Does the work with everything around it; the status to refuse with, or null. */
  async #serve(
    method: DescMethod,
    call: ServerSurfaceCall,
    usualMs: number,
    ends: AbortSignal | undefined,
    work: (around: Call) => Promise<void>,
  ): Promise<StatusObject | null> {
    const path = `/${method.parent.typeName}/${method.name}`;
    const metadata = strings(call);
    const started = performance.now();
    return await inSpan(path, SpanKind.SERVER, metadata, async (span) => {
      const refused = await this.#bounded(call, usualMs, ends, metadata["authorization"] ?? "", work).then(
        () => null,
        (error: unknown) => refuse(error, span),
      );
      log.info("served", {
        method: path,
        code: codes[refused?.code ?? codes.OK],
        ms: Math.round((performance.now() - started) * 100) / 100,
        from: metadata[CALLER_SERVICE] ?? "",
      });
      return refused;
    });
  }

  async #bounded(
    call: ServerSurfaceCall,
    usualMs: number,
    ends: AbortSignal | undefined,
    authorization: string,
    work: (around: Call) => Promise<void>,
  ): Promise<void> {
    if (this.active >= CALLS_AT_MOST) throw tooBusy();
    const over = new AbortController();
    const timer = setTimeout(() => { over.abort(deadlinePassed()); }, left(call, usualMs));
    const gone = (): void => { over.abort(new Cancelled()); };
    call.on("cancelled", gone);
    if (call.cancelled) gone();
    const stop = (): void => { over.abort(ends?.reason); };
    ends?.addEventListener("abort", stop, { once: true });
    if (ends?.aborted === true) stop();
    const { signal } = over;
    this.active += 1;
    try {
      const begun = (): void => { call.sendMetadata(new Metadata()); };
      const working = this.#tokens.signedIn(authorization).then((caller) => work({ caller, signal, begun }));
      // When the time is over first, what the work says later is of no interest any more.
      await Promise.race([working, aborted(signal).then((reason) => Promise.reject(reason as Error))]);
    } finally {
      over.abort();
      clearTimeout(timer);
      ends?.removeEventListener("abort", stop);
      this.active -= 1;
    }
  }
}

function refuse(error: unknown, span: Span): StatusObject {
  if (error instanceof Cancelled) return { code: codes.CANCELLED, details: "cancelled", metadata: new Metadata() };
  const status = toStatus(error);
  if (FAULTS.has(status.code)) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    if (error instanceof Error) span.recordException(error);
  }
  return status;
}

function decoded(method: DescMethod, bytes: Uint8Array): MessageShape<DescMessage> {
  try {
    return fromBinary(method.input, bytes);
  } catch {
    throw new InvalidArgument({ request: `send a ${method.input.typeName}` });
  }
}

/** Milliseconds that the caller grants; `usual` where there is no deadline. */
function left(call: ServerSurfaceCall, usual: number): number {
  const deadline = Number(call.getDeadline());
  return Math.min(Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : usual, LONGEST_MS);
}

function strings(call: ServerSurfaceCall): Record<string, string> {
  const found = Object.entries(call.metadata.getMap());
  return Object.fromEntries(found.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function deadlinePassed(): DeadlineExceeded {
  return new DeadlineExceeded("DEADLINE_PASSED", "the deadline passed");
}

function tooBusy(): ResourceExhausted {
  return new ResourceExhausted("TOO_MANY_CALLS", "too many calls at the same moment; try again", { retryAfter: 1 });
}
