/** One transaction on the tables of the notification service. */
import { NotificationSentSchema } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_events_pb.ts";

import type { Asked } from "../chassis/paging.ts";
import { text, whole, type Session } from "../chassis/sql/database.ts";
import { SqlUnit } from "../chassis/sql/store.ts";
import type { Channel } from "../domain/kinds.ts";
import type { Person } from "../domain/mail.ts";
import type { Delivery, Notification } from "../domain/notifications.ts";
import type { Preferences } from "../domain/preferences.ts";
import type { Announcement, Due, Outcome, Unit, View } from "../usecases/ports.ts";
import * as wire from "../wire.ts";
import * as rows from "./rows.ts";

/** Who is woken by a commit: the mail's worker, the announcer. */
export const MAIL = "mail";
export const ANNOUNCE = "announce";

// How long notifications, and what was told of finished announcements, are kept, in milliseconds.
const YEAR = 365 * 24 * 3_600_000;
const MONTH = 30 * 24 * 3_600_000;

export class NotificationUnit extends SqlUnit implements Unit, View {
  // PostgreSQL has many writers, so what is read to be changed is locked; SQLite has one.
  readonly #forUpdate: string;
  readonly #skipLocked: string;

  constructor(session: Session) {
    super(session, "notification");
    this.#forUpdate = session.dialect === "postgres" ? "FOR UPDATE" : "";
    this.#skipLocked = session.dialect === "postgres" ? "FOR UPDATE SKIP LOCKED" : "";
  }

  async latest(recipientId: string): Promise<string> {
    // An insert that meets the row waits for it and locks it, whether it was there or not.
    const statement = `INSERT INTO recipients (id, latest_id) VALUES (?, '')
      ON CONFLICT (id) DO UPDATE SET latest_id = recipients.latest_id RETURNING latest_id`;
    const [row] = await this.session.all(statement, recipientId);
    return row === undefined ? "" : text(row, "latest_id");
  }

  async last(recipientId: string): Promise<string> {
    const [row] = await this.session.all("SELECT latest_id FROM recipients WHERE id = ?", recipientId);
    return row === undefined ? "" : text(row, "latest_id");
  }

  async add(made: Notification, deliveries: readonly Delivery[], now: Date): Promise<void> {
    await this.session.run("UPDATE recipients SET latest_id = ? WHERE id = ?", made.id, made.recipientId);
    await this.session.run(
      `INSERT INTO notifications (id, fact_id, recipient_id, kind, title, body, subject_id, in_app, created)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...rows.notificationValues(made),
    );
    for (const delivery of deliveries) await this.#addDelivery(made.recipientId, delivery, now);
  }

  sent(made: Notification, channel: Channel, now: Date): void {
    this.publish(made.id, NotificationSentSchema, wire.sent(made, channel), now);
  }

  async preferences(recipientId: string): Promise<Preferences> {
    const chosen = await this.session.all("SELECT * FROM preferences WHERE recipient_id = ?", recipientId);
    const followed = "SELECT tag FROM followed_tags WHERE recipient_id = ? ORDER BY tag";
    const tags = await this.session.all(followed, recipientId);
    return { chosen: chosen.map(rows.preference), followedTags: tags.map((row) => text(row, "tag")) };
  }

  async choose(recipientId: string, { chosen, followedTags }: Preferences): Promise<void> {
    // Two changes of one person's come one after the other.
    await this.latest(recipientId);
    for (const { kind, channel, enabled } of chosen) {
      await this.session.run(
        `INSERT INTO preferences (recipient_id, kind, channel, enabled) VALUES (?, ?, ?, ?)
          ON CONFLICT (recipient_id, kind, channel) DO UPDATE SET enabled = excluded.enabled`,
        recipientId, kind, channel, enabled ? 1 : 0,
      );
    }
    await this.session.run("DELETE FROM followed_tags WHERE recipient_id = ?", recipientId);
    for (const tag of followedTags) {
      await this.session.run("INSERT INTO followed_tags (tag, recipient_id) VALUES (?, ?)", tag, recipientId);
    }
  }

  async keep({ id, address, name, updatedMicros }: Person): Promise<void> {
    await this.session.run(
      `INSERT INTO people (id, address, name, updated_micros) VALUES (?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE
        SET address = excluded.address, name = excluded.name, updated_micros = excluded.updated_micros
        WHERE people.updated_micros < excluded.updated_micros`,
      id, address, name, updatedMicros,
    );
    this.wakes.add(MAIL); // emails may have waited for the address
  }

  async notification(recipientId: string, id: string): Promise<Notification | undefined> {
    const statement = `SELECT * FROM notifications WHERE id = ? AND recipient_id = ? AND in_app = 1 ${this.#forUpdate}`;
    const [row] = await this.session.all(statement, id, recipientId);
    return row && rows.notification(row);
  }

  async markRead(id: string, now: Date): Promise<void> {
    await this.session.run("UPDATE notifications SET read_at = ? WHERE id = ? AND read_at IS NULL", now.getTime(), id);
  }

  async list(recipientId: string, { size, after }: Asked, unreadOnly: boolean): Promise<readonly Notification[]> {
    const beyond = after === undefined ? "" : "AND id < ?";
    const unread = unreadOnly ? "AND read_at IS NULL" : "";
    const statement = `SELECT * FROM notifications
      WHERE recipient_id = ? AND in_app = 1 ${unread} ${beyond} ORDER BY id DESC LIMIT ?`;
    const place = after === undefined ? [] : [after];
    return (await this.session.all(statement, recipientId, ...place, size + 1)).map(rows.notification);
  }

  async unread(recipientId: string): Promise<number> {
    const statement = `SELECT count(*) AS unread FROM notifications
      WHERE recipient_id = ? AND in_app = 1 AND read_at IS NULL`;
    const [row] = await this.session.all(statement, recipientId);
    return row === undefined ? 0 : whole(row, "unread");
  }

  async after(recipientId: string, id: string, limit: number): Promise<readonly Notification[]> {
    const statement = `SELECT * FROM notifications
      WHERE recipient_id = ? AND in_app = 1 AND id > ? ORDER BY id LIMIT ?`;
    return (await this.session.all(statement, recipientId, id, limit)).map(rows.notification);
  }

  async announce({ factId, subjectId, words, tags }: Announcement, now: Date): Promise<void> {
    const statement = `INSERT INTO announcements (fact_id, subject_id, title, body, tags, reached, created)
      VALUES (?, ?, ?, ?, ?, '', ?)`;
    const list = JSON.stringify(tags);
    await this.session.run(statement, factId, subjectId, words.title, words.body, list, now.getTime());
    this.wakes.add(ANNOUNCE);
  }

  async nextAnnouncement(): Promise<Announcement | undefined> {
    const statement = `SELECT * FROM announcements WHERE done_at IS NULL ORDER BY fact_id LIMIT 1 ${this.#skipLocked}`;
    const [row] = await this.session.all(statement);
    return row && rows.announcement(row);
  }

  async followers(tags: readonly string[], after: string, limit: number): Promise<readonly string[]> {
    if (tags.length === 0) return [];
    const places = tags.map(() => "?").join(", ");
    const statement = `SELECT DISTINCT recipient_id FROM followed_tags
      WHERE tag IN (${places}) AND recipient_id > ? ORDER BY recipient_id LIMIT ?`;
    return (await this.session.all(statement, ...tags, after, limit)).map((row) => text(row, "recipient_id"));
  }

  async announced(factId: string, reached: string | undefined, now: Date): Promise<void> {
    if (reached === undefined) {
      await this.session.run("UPDATE announcements SET done_at = ? WHERE fact_id = ?", now.getTime(), factId);
    } else {
      await this.session.run("UPDATE announcements SET reached = ? WHERE fact_id = ?", reached, factId);
    }
  }

  async isDue(now: Date): Promise<boolean> {
    const statement = `SELECT 1 FROM deliveries d JOIN people p ON p.id = d.recipient_id
      WHERE d.state = 'PENDING' AND d.due <= ? LIMIT 1`;
    return (await this.session.all(statement, now.getTime())).length > 0;
  }

  async take(now: Date, until: Date, limit: number): Promise<readonly Due[]> {
    const taken = await this.session.all(
      `WITH taken AS MATERIALIZED (
        SELECT d.notification_id FROM deliveries d
        WHERE d.state = 'PENDING' AND d.due <= ? AND EXISTS (SELECT 1 FROM people p WHERE p.id = d.recipient_id)
        ORDER BY d.due LIMIT ? ${this.#skipLocked}
      )
      UPDATE deliveries SET due = ?, attempts = attempts + 1
      WHERE channel = 'EMAIL' AND notification_id IN (SELECT notification_id FROM taken)
      RETURNING notification_id, attempts`,
      now.getTime(), limit, until.getTime(),
    );
    const due: Due[] = [];
    for (const row of taken) due.push(await this.#due(text(row, "notification_id"), whole(row, "attempts")));
    return due;
  }

  async settle(notificationId: string, { state, reason, due }: Outcome, now: Date): Promise<boolean> {
    const statement = `UPDATE deliveries SET state = ?, reason = ?, due = ?, finished = ?
      WHERE notification_id = ? AND channel = 'EMAIL' AND state = 'PENDING'`;
    const finished = state === "PENDING" ? null : now.getTime();
    const next = due?.getTime() ?? null;
    return (await this.session.run(statement, state, reason.slice(0, 200), next, finished, notificationId)) === 1;
  }

  async giveUp(since: Date, now: Date): Promise<number> {
    const statement = `UPDATE deliveries SET state = 'FAILED', reason = 'ADDRESS_UNKNOWN', due = NULL, finished = ?
      WHERE state = 'PENDING' AND created < ?
        AND NOT EXISTS (SELECT 1 FROM people p WHERE p.id = deliveries.recipient_id)`;
    return await this.session.run(statement, now.getTime(), since.getTime());
  }

  override async purge(now: Date): Promise<void> {
    await super.purge(now);
    await this.session.run("DELETE FROM notifications WHERE created < ?", now.getTime() - YEAR);
    await this.session.run("DELETE FROM announcements WHERE done_at < ?", now.getTime() - MONTH);
  }

  async #addDelivery(recipientId: string, delivery: Delivery, now: Date): Promise<void> {
    const { notificationId, channel, state, reason } = delivery;
    const pending = state === "PENDING";
    await this.session.run(
      `INSERT INTO deliveries
        (notification_id, channel, recipient_id, state, reason, attempts, created, due, finished)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      notificationId, channel, recipientId, state, reason, state === "SENT" ? 1 : 0, now.getTime(),
      pending ? now.getTime() : null, pending ? null : now.getTime(),
    );
    if (pending) this.wakes.add(MAIL);
  }

  async #due(notificationId: string, attempts: number): Promise<Due> {
    const statement = `SELECT n.*, p.address, p.name, p.updated_micros
      FROM notifications n JOIN people p ON p.id = n.recipient_id WHERE n.id = ?`;
    const [row] = await this.session.all(statement, notificationId);
    if (row === undefined) throw new TypeError("a delivery without its notification");
    return { notification: rows.notification(row), person: rows.person(row), attempts };
  }
}
