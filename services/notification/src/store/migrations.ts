/** The history of the notification service's schema. Times are in milliseconds since 1970, UTC, unless they say so. */
import type { Migration } from "../chassis/sql/migrate.ts";
import { chassisTables } from "../chassis/sql/tables.ts";

export const MIGRATIONS: readonly Migration[] = [
  (words) => [
    ...chassisTables(words),
    `CREATE TABLE people (
      id VARCHAR(64) PRIMARY KEY,
      address VARCHAR(320) NOT NULL,
      name VARCHAR(400) NOT NULL,
      updated_micros BIGINT NOT NULL
    )`,
    // Whoever writes notifications to a person holds their row, which is what orders them.
    `CREATE TABLE recipients (
      id VARCHAR(64) PRIMARY KEY,
      latest_id VARCHAR(36) NOT NULL
    )`,
    `CREATE TABLE notifications (
      id VARCHAR(36) PRIMARY KEY,
      fact_id VARCHAR(64) NOT NULL,
      recipient_id VARCHAR(64) NOT NULL,
      kind VARCHAR(40) NOT NULL,
      title VARCHAR(400) NOT NULL,
      body TEXT NOT NULL,
      subject_id VARCHAR(64) NOT NULL,
      in_app SMALLINT NOT NULL,
      created BIGINT NOT NULL,
      read_at BIGINT,
      UNIQUE (fact_id, recipient_id)
    )`,
    "CREATE INDEX notifications_shown ON notifications (recipient_id, id) WHERE in_app = 1",
    "CREATE INDEX notifications_unread ON notifications (recipient_id, id) WHERE in_app = 1 AND read_at IS NULL",
    "CREATE INDEX notifications_created ON notifications (created)",
    // The audit: once for each notification and channel.
    `CREATE TABLE deliveries (
      notification_id VARCHAR(36) NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
      channel VARCHAR(10) NOT NULL,
      recipient_id VARCHAR(64) NOT NULL,
      state VARCHAR(10) NOT NULL,
      reason VARCHAR(200) NOT NULL,
      attempts INTEGER NOT NULL,
      created BIGINT NOT NULL,
      due BIGINT,
      finished BIGINT,
      PRIMARY KEY (notification_id, channel)
    )`,
    // Small however many were ever sent.
    "CREATE INDEX deliveries_due ON deliveries (due) WHERE state = 'PENDING'",
    `CREATE TABLE preferences (
      recipient_id VARCHAR(64) NOT NULL,
      kind VARCHAR(40) NOT NULL,
      channel VARCHAR(10) NOT NULL,
      enabled SMALLINT NOT NULL,
      PRIMARY KEY (recipient_id, kind, channel)
    )`,
    `CREATE TABLE followed_tags (
      tag VARCHAR(200) NOT NULL,
      recipient_id VARCHAR(64) NOT NULL,
      PRIMARY KEY (tag, recipient_id)
    )`,
    "CREATE INDEX followed_tags_of ON followed_tags (recipient_id)",
    `CREATE TABLE announcements (
      fact_id VARCHAR(64) PRIMARY KEY,
      subject_id VARCHAR(64) NOT NULL,
      title VARCHAR(400) NOT NULL,
      body TEXT NOT NULL,
      tags TEXT NOT NULL,
      reached VARCHAR(64) NOT NULL,
      created BIGINT NOT NULL,
      done_at BIGINT
    )`,
    "CREATE INDEX announcements_open ON announcements (fact_id) WHERE done_at IS NULL",
    "CREATE INDEX announcements_done ON announcements (done_at)",
  ],
];
