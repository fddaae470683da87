/** Who is woken by what: workers by the commits that leave them work, watchers by the facts. */
import { NotificationSentSchema } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_events_pb.ts";
import { Channel } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_pb.ts";

import type { Bus } from "./chassis/bus.ts";
import { messageOf, type Fact } from "./chassis/facts.ts";
import { kindOf, log } from "./chassis/logs.ts";
import { aborted, Bell } from "./chassis/waiting.ts";
import type { NotificationStore } from "./store/store.ts";
import { ANNOUNCE } from "./store/unit.ts";
import { announceNext } from "./usecases/telling.ts";
import type { Watchers } from "./usecases/watching.ts";

// How often it is looked for announcements without a word from anybody, in milliseconds.
const LOOK_EVERY = 5_000;

/** A bell that rings for each commit that wakes `name`. */
export function bellOf(store: NotificationStore, name: string): Bell {
  const bell = new Bell();
  store.onCommit((_, wakes) => {
    if (wakes.has(name)) bell.ring();
  });
  return bell;
}

/** Tells followers of new courses until the signal. */
export async function announceAlways(store: NotificationStore, signal: AbortSignal): Promise<void> {
  const bell = bellOf(store, ANNOUNCE);
  while (!signal.aborted) {
    try {
      if (await announceNext(store)) continue;
    } catch (error) {
      log.warning("announcements wait", { error: kindOf(error) });
    }
    await bell.heard(LOOK_EVERY, signal);
  }
}

/** Wakes watchers for as long as the process lives: of what is committed here at once, of all else by the broker. */
export async function hear(bus: Bus, store: NotificationStore, watchers: Watchers, signal: AbortSignal): Promise<void> {
  const told = ({ type, body }: Pick<Fact, "type" | "body">): void => {
    if (type !== NotificationSentSchema.typeName) return;
    const { channel, recipientId } = messageOf(NotificationSentSchema, body);
    if (channel === Channel.IN_APP) watchers.told(recipientId);
  };
  store.onCommit((facts) => { facts.forEach(told); });
  await Promise.race([bus.listen(NotificationSentSchema.typeName, told), aborted(signal)]);
}
