/** What people ask: their notifications, and how they wish to be told. */
import type { Caller } from "../chassis/identity.ts";
import { page, type Asked, type Page } from "../chassis/paging.ts";
import { NotFound } from "../chassis/refusals.ts";
import { markRead as read, type Notification } from "../domain/notifications.ts";
import { change, type Preferences } from "../domain/preferences.ts";
import type { Store, Unit } from "./ports.ts";

export interface Listed {
  readonly page: Page<Notification>;
  readonly unread: number;
}

export async function list(store: Store, caller: Caller, asked: Asked, unreadOnly: boolean): Promise<Listed> {
  return await store.read(async (view) => {
    const rows = await view.list(caller.id, asked, unreadOnly);
    return { page: page(rows, asked.size, (notification) => notification.id), unread: await view.unread(caller.id) };
  });
}

export async function markRead(unit: Unit, caller: Caller, id: string): Promise<Notification> {
  const found = await unit.notification(caller.id, id);
  // Somebody else's is as if it were not there.
  if (found === undefined) throw new NotFound("NOTIFICATION_UNKNOWN", "you have no such notification");
  const now = new Date();
  await unit.markRead(id, now);
  return read(found, now);
}

export async function updatePreferences(unit: Unit, caller: Caller, given: Preferences): Promise<Preferences> {
  const changed = change(await unit.preferences(caller.id), given);
  await unit.choose(caller.id, changed);
  return changed;
}
