/** Calls to other services: deadline and trace passed on; retries only where the contract allows them. */
import {
  create,
  fromBinary,
  toBinary,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
  type DescMessage,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { SpanKind } from "@opentelemetry/api";

import * as telemetry from "./telemetry.ts";

/** The name of the calling service, for the access log of the called one. */
export const CALLER_SERVICE = "x-caller-service";

const OPTIONS = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.initial_reconnect_backoff_ms": 100,
};

/** A channel to one service. `retries` is off where a mesh retries already: retries live in one layer. */
export class Channel {
  readonly #client: Client;
  readonly #service: string;

  constructor(address: string, called: DescService, service: string, retries: boolean) {
    this.#service = service;
    this.#client = new Client(address, credentials.createInsecure(), {
      ...OPTIONS,
      "grpc.service_config": serviceConfig(called, retries),
    });
  }

  /** Calls a unary method; rejects with gRPC's ServiceError. */
  async call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
    timeoutMs: number,
  ): Promise<MessageShape<Output>> {
    return await telemetry.inSpan(`${method.parent.typeName}.${method.name}`, SpanKind.CLIENT, {}, () =>
      new Promise((resolve, reject) => {
        this.#client.makeUnaryRequest(
          `/${method.parent.typeName}/${method.name}`,
          (message: MessageShape<Input>) => Buffer.from(toBinary(method.input, message)),
          (bytes: Buffer) => fromBinary(method.output, bytes),
          create(method.input, request),
          this.#metadata(),
          { deadline: Date.now() + timeoutMs },
          (error, answer) => {
            if (error !== null || answer === undefined) reject(error ?? new Error("an answer without a message"));
            else resolve(answer);
          },
        );
      }),
    );
  }

  close(): void {
    this.#client.close();
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set(CALLER_SERVICE, this.#service);
    for (const [key, value] of Object.entries(telemetry.inject())) metadata.set(key, value);
    return metadata;
  }
}

function serviceConfig(called: DescService, retries: boolean): string {
  const repeatable = called.methods.filter(
    (method) => method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
  );
  const retryPolicy = {
    maxAttempts: 4,
    initialBackoff: "0.05s",
    maxBackoff: "1s",
    backoffMultiplier: 3,
    // A server that is stopping cancels what reaches it too late.
    retryableStatusCodes: ["UNAVAILABLE", "CANCELLED"],
  };
  const name = repeatable.map((method) => ({ service: called.typeName, method: method.name }));
  const methodConfig = retries && name.length > 0 ? [{ name, retryPolicy }] : [];
  return JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }], methodConfig });
}
