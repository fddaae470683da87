/** Between rows and the domain's values. */
import { text, time, whole, type Row, type Value } from "../chassis/sql/database.ts";
import { CHANNELS, KINDS } from "../domain/kinds.ts";
import type { Person } from "../domain/mail.ts";
import type { Notification } from "../domain/notifications.ts";
import type { Preference } from "../domain/preferences.ts";
import type { Announcement } from "../usecases/ports.ts";

export function notification(row: Row): Notification {
  return {
    id: text(row, "id"),
    factId: text(row, "fact_id"),
    recipientId: text(row, "recipient_id"),
    kind: one(KINDS, text(row, "kind")),
    title: text(row, "title"),
    body: text(row, "body"),
    subjectId: text(row, "subject_id"),
    inApp: whole(row, "in_app") === 1,
    created: time(row, "created"),
    read: row["read_at"] === null ? undefined : time(row, "read_at"),
  };
}

export function notificationValues(made: Notification): Value[] {
  const { id, factId, recipientId, kind, title, body, subjectId, inApp, created } = made;
  return [id, factId, recipientId, kind, title, body, subjectId, inApp ? 1 : 0, created.getTime()];
}

export function preference(row: Row): Preference {
  return {
    kind: one(KINDS, text(row, "kind")),
    channel: one(CHANNELS, text(row, "channel")),
    enabled: whole(row, "enabled") === 1,
  };
}

export function person(row: Row): Person {
  return {
    id: text(row, "recipient_id"),
    address: text(row, "address"),
    name: text(row, "name"),
    updatedMicros: whole(row, "updated_micros"),
  };
}

export function announcement(row: Row): Announcement {
  return {
    factId: text(row, "fact_id"),
    subjectId: text(row, "subject_id"),
    words: { title: text(row, "title"), body: text(row, "body") },
    tags: JSON.parse(text(row, "tags")) as string[],
    reached: text(row, "reached"),
  };
}

function one<Word extends string>(words: readonly Word[], found: string): Word {
  const known = words.find((word) => word === found);
  if (known === undefined) throw new TypeError("the store holds a word that is not known here");
  return known;
}
