/** Telling people: a notification, once for each fact and person, with a delivery for each channel. */
import { newIdAfter } from "../chassis/ids.ts";
import { isWanted, tell as told, type Occasion } from "../domain/notifications.ts";
import type { Store, Unit } from "./ports.ts";

// How many followers are told in one transaction.
const AT_ONCE = 100;

export async function tell(unit: Unit, occasion: Occasion): Promise<void> {
  const now = new Date();
  const id = newIdAfter(await unit.latest(occasion.recipientId), now);
  const { notification, deliveries } = told(occasion, await unit.preferences(occasion.recipientId), id, now);
  await unit.add(notification, deliveries, now);
  if (notification.inApp) unit.sent(notification, "IN_APP", now);
}

/** Tells the next followers of an announced course; whether there may be more to do. */
export async function announceNext(store: Store): Promise<boolean> {
  return await store.begin(async (unit) => {
    const announcement = await unit.nextAnnouncement();
    if (announcement === undefined) return false;
    const { factId, subjectId, words, tags, reached } = announcement;
    const followers = await unit.followers(tags, reached, AT_ONCE);
    for (const recipientId of followers) {
      const preferences = await unit.preferences(recipientId);
      const wanted = isWanted("COURSE_PUBLISHED", preferences);
      if (wanted) await tell(unit, { factId, recipientId, kind: "COURSE_PUBLISHED", subjectId, words });
    }
    await unit.announced(factId, followers.length === AT_ONCE ? followers.at(-1) : undefined, new Date());
    return true;
  });
}
