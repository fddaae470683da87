/** The chassis: wires the parts that every service has, runs them, and stops them in order. */
import type { DescService } from "@bufbuild/protobuf";

import { Bus } from "./bus.ts";
import { consumers, type Handler, type InboxStore, type InboxUnit } from "./consumer.ts";
import type { Fact } from "./facts.ts";
import type { Servicer } from "./guard.ts";
import { Tokens } from "./identity.ts";
import { RemoteKeys } from "./keys.ts";
import * as logs from "./logs.ts";
import { log } from "./logs.ts";
import { Refusal } from "./refusals.ts";
import { type Outbox, Relay } from "./relay.ts";
import { Ended, type Dependency, Server } from "./server.ts";
import * as settings from "./settings.ts";
import * as telemetry from "./telemetry.ts";
import { aborted, pause } from "./waiting.ts";

const LOG_LEVEL = settings.setting(logs.level, "INFO");

/**
 * What every service reads from the environment; a service's own settings extend it.
 *
 * listen: host:port; port 0 takes a free one. natsUrl: with credentials. userAddress: host:port of the user service,
 * for the keys that verify tokens. clientRetries: off where a mesh retries. streamReplicas: how many brokers keep each
 * stream. drainSeconds: how long running calls may take after SIGTERM.
 */
export const SETTINGS = {
  listen: settings.text(),
  natsUrl: settings.text(),
  userAddress: settings.text(),
  logLevel: LOG_LEVEL,
  clientRetries: settings.flag(true),
  streamReplicas: settings.number(1),
  drainSeconds: settings.number(10),
};

export type Settings = settings.Settings<typeof SETTINGS>;

/** What the chassis needs of a service's store. */
export interface Store extends Outbox {
  onCommit(listener: (facts: readonly Fact[]) => void): void;
  reachable(): Promise<boolean>;
  purge(): Promise<void>;
  close(): Promise<void>;
}

type Work = (signal: AbortSignal) => Promise<void>;

/** One service's process. Nothing runs before `run`. */
export class Chassis {
  readonly bus: Bus;
  readonly server: Server;
  readonly #service: string;
  readonly #env: Settings;
  readonly #keys: RemoteKeys;
  readonly #background: [string, Work][] = [];
  readonly #dependencies = new Map<string, Dependency>();
  readonly #stores: Store[] = [];
  readonly #stopping = new AbortController();
  #died = "";

  constructor(service: string, env: Settings) {
    this.#service = service;
    this.#env = env;
    this.bus = new Bus(env.natsUrl, service, env.streamReplicas);
    this.#keys = new RemoteKeys(env.userAddress, service, env.clientRetries);
    this.server = new Server(env.listen, new Tokens(this.#keys));
    this.#dependencies.set("broker", () => Promise.resolve(this.bus.connected));
  }

  serve<Service extends DescService>(service: Service, servicer: Servicer<Service>): void {
    this.server.add(service, servicer);
  }

  /** Relays the store's outbox, makes health follow the store, and closes it at the end. */
  keep(store: Store): void {
    const relay = new Relay(this.bus, this.#service);
    store.onCommit((facts) => { relay.hand(facts); });
    this.#stores.push(store);
    this.#dependencies.set("store", () => store.reachable());
    this.runAlways("relay", (signal) => relay.run(store, signal));
    this.every(600_000, "purge", () => store.purge());
  }

  /** Handles facts: the table says which. */
  consume<Unit extends InboxUnit>(handlers: readonly Handler<NoInfer<Unit>>[], store: InboxStore<Unit>): void {
    for (const consumer of consumers(this.bus, this.#service, handlers, store)) {
      this.runAlways(`consume ${consumer.stream}`, (signal) => consumer.run(signal));
    }
  }

  /** Does the work again and again, so many milliseconds apart; one that fails is logged and tried again. */
  every(ms: number, name: string, work: () => Promise<unknown>): void {
    this.runAlways(name, async (signal) => {
      while (!signal.aborted) {
        await work().catch((error: unknown) => { log.error("background work failed", { work: name }, error); });
        await pause(ms, signal);
      }
    });
  }

  /** Runs the work in the background until the service stops. */
  runAlways(name: string, work: Work): void {
    this.#background.push([name, work]);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Serves until SIGTERM or SIGINT; then says NOT_SERVING, drains, and returns. Throws, after the same good order, when
   * a part of the service died.
   */
  async run(): Promise<void> {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => { this.stop(); });
    await this.server.start();
    const ended = new AbortController();
    const tasks = [this.#alive("bus", () => this.bus.run())];
    tasks.push(...this.#background.map(([name, work]) => this.#alive(name, () => work(ended.signal))));
    const following = this.server.follow(this.#dependencies, this.#stopping.signal);
    await aborted(this.#stopping.signal);
    log.info("stopping");
    await following;
    await this.server.stop(this.#env.drainSeconds * 1000);
    ended.abort();
    const [bus, ...others] = tasks;
    await Promise.all(others);
    await this.bus.close();
    await bus;
    this.#keys.close();
    for (const store of this.#stores) await store.close();
    await telemetry.close();
    log.info("stopped");
    if (this.#died) throw new Ended(`${this.#service} stopped: its part '${this.#died}' died; the log says why`);
  }

  /** A service with a part that died would look well and do half its work, so it stops as a whole. */
  async #alive(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error("a part of the service died", { part: name }, error);
      this.#died = name;
      this.stop();
    }
  }
}

/** Runs a service's `main` with its settings, read from the environment. The only reader of it. */
export async function launch<Spec extends Record<string, settings.Setting<unknown>>>(
  service: string,
  spec: Spec,
  main: (env: settings.Settings<Spec>) => Promise<void>,
): Promise<never> {
  const env = settings.read(spec, process.env);
  logs.configure(service, process.env["LOG_LEVEL"] ?? "INFO");
  await telemetry.configure(service, process.env);
  try {
    await main(env);
    process.exit(0);
  } catch (error) {
    if (error instanceof Ended) process.stderr.write(`${error.message}\n`);
    else if (error instanceof Refusal) process.stderr.write(`cannot start: ${error.message}\n`);
    else log.error("the service ended", {}, error);
    process.exit(1);
  }
}
