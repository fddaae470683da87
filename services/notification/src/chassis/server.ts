/** The gRPC server of a service: guarded servicers, health that follows the dependencies, reflection. */
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  logVerbosity,
  Server as GrpcServer,
  ServerCredentials,
  setLogVerbosity,
  type MethodDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

import { Guard, type Servicer, type Streaming, type Unary } from "./guard.ts";
import type { Tokens } from "./identity.ts";
import { log } from "./logs.ts";
import { Unavailable } from "./refusals.ts";
import { reflect } from "./reflection.ts";
import { NEVER, pause } from "./waiting.ts";

/** Whether something that the service needs is there. */
export type Dependency = () => Promise<boolean>;

/** Why a process ended or did not start, in words for who started it. */
export class Ended extends Error {}

const OPTIONS = {
  // Two processes must not share a port by accident: the second one says so instead.
  "grpc.so_reuseport": 0,
  "grpc.max_receive_message_length": 4 * 1024 * 1024,
  "grpc.keepalive_time_ms": 60_000,
  "grpc.max_concurrent_streams": 1_000,
};

// How often the dependencies are asked whether they are there: while all are, and while one is missed. And how long an
// answer may take. In milliseconds.
const ASK_EVERY = 1_000;
const ASK_MISSED_EVERY = 100;
const ASK_FOR = 2_000;
// How long the last answers may take to leave, in milliseconds.
const FLUSH = 100;

/** Serves servicers at `listen` (host:port; port 0 takes a free one, see `port`). */
export class Server {
  port = 0;
  readonly #listen: string;
  readonly #grpc = new GrpcServer(OPTIONS);
  readonly #health = new HealthImplementation();
  readonly #services: DescService[] = [];
  readonly #stopping = new AbortController();
  readonly #guard: Guard;

  constructor(listen: string, tokens: Tokens) {
    // What the library says on its own is no JSON, and comes to us as an error all the same.
    setLogVerbosity(logVerbosity.NONE);
    this.#listen = listen;
    this.#guard = new Guard(tokens, this.#stopping.signal);
    this.#health.addToServer(this.#grpc);
    this.#report("NOT_SERVING");
  }

  add<Service extends DescService>(service: Service, servicer: Servicer<Service>): void {
    const definition: Record<string, MethodDefinition<Buffer, Uint8Array>> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const method of service.methods) {
      definition[method.name] = defined(method);
      const behavior: unknown = servicer[method.localName as keyof typeof servicer];
      implementation[method.name] = this.#guarded(method, behavior, servicer);
    }
    this.#grpc.addService(definition, implementation);
    this.#services.push(service);
  }

  async start(): Promise<void> {
    reflect(this.#grpc, this.#services);
    this.#report("NOT_SERVING");
    this.port = await new Promise<number>((resolve, reject) => {
      this.#grpc.bindAsync(this.#listen, ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(new Ended(`cannot listen on ${this.#listen}: is another program using the port?`));
      });
    });
    log.info("listening", { address: `${this.#listen.slice(0, this.#listen.lastIndexOf(":"))}:${this.port}` });
  }

  /** Reports SERVING while every dependency is there, until the signal. */
  async follow(dependencies: ReadonlyMap<string, Dependency>, signal: AbortSignal): Promise<void> {
    let before: string | undefined;
    while (!signal.aborted) {
      const missing = await absent(dependencies);
      if (missing.join() !== before) {
        this.#report(missing.length > 0 ? "NOT_SERVING" : "SERVING");
        (missing.length > 0 ? log.warning : log.info)("health", { missing });
        before = missing.join();
      }
      await pause(missing.length > 0 ? ASK_MISSED_EVERY : ASK_EVERY, signal);
    }
  }

  /** Says NOT_SERVING, takes nothing new, ends the streams, lets what runs end within `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#report("NOT_SERVING");
    this.#grpc.tryShutdown(() => undefined);
    this.#stopping.abort(new Unavailable("SERVICE_STOPPING", "the service is stopping; ask again", { retryAfter: 1 }));
    const end = performance.now() + graceMs;
    while (this.#guard.active > 0 && performance.now() < end) await pause(10, NEVER);
    await pause(Math.min(FLUSH, graceMs), NEVER);
    // What is left: idle connections, and health checks that watch.
    this.#grpc.forceShutdown();
  }

  #guarded(method: DescMethod, behavior: unknown, servicer: unknown): UntypedHandleCall {
    if (typeof behavior !== "function") throw new TypeError(`${method.name} is not served`);
    const bound: unknown = behavior.bind(servicer);
    if (method.methodKind === "unary") return this.#guard.unary(method, bound as Unary) as UntypedHandleCall;
    return this.#guard.stream(method, bound as Streaming) as UntypedHandleCall;
  }

  #report(status: "SERVING" | "NOT_SERVING"): void {
    if (this.#stopping.signal.aborted) return;
    for (const name of ["", ...this.#services.map((service) => service.typeName)]) {
      this.#health.setStatus(name, status);
    }
  }
}

/** Bytes in and out: they are read and written inside the guard, which refuses what cannot be read. */
function defined(method: DescMethod): MethodDefinition<Buffer, Uint8Array> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: (bytes) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (bytes) => Buffer.from(bytes),
    responseDeserialize: (bytes) => bytes,
  };
}

async function absent(dependencies: ReadonlyMap<string, Dependency>): Promise<string[]> {
  const names = [...dependencies.keys()];
  const there = await Promise.all([...dependencies.values()].map(answer));
  return names.filter((_, index) => there[index] !== true).sort();
}

async function answer(there: Dependency): Promise<boolean> {
  const enough = new AbortController();
  try {
    return await Promise.race([there(), pause(ASK_FOR, enough.signal).then(() => false)]);
  } catch {
    return false;
  } finally {
    enough.abort();
  }
}
