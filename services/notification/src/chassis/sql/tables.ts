/** The tables that every SQL service has beside its own: outbox, inbox, answered requests. */
import type { Words } from "./migrate.ts";

/** As of the first revision of a service. */
export function chassisTables({ bytes }: Words): readonly string[] {
  return [
    `CREATE TABLE outbox (
      id VARCHAR(36) PRIMARY KEY,
      type VARCHAR(200) NOT NULL,
      subject VARCHAR(64) NOT NULL,
      headers TEXT NOT NULL,
      body ${bytes} NOT NULL,
      time BIGINT NOT NULL,
      sent_at BIGINT
    )`,
    // Small however many facts were ever sent.
    "CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL",
    "CREATE INDEX outbox_sent_at ON outbox (sent_at)",
    `CREATE TABLE inbox (
      fact_id VARCHAR(64) PRIMARY KEY,
      type VARCHAR(200) NOT NULL,
      handled_at BIGINT NOT NULL
    )`,
    "CREATE INDEX inbox_handled_at ON inbox (handled_at)",
    `CREATE TABLE requests (
      caller_id VARCHAR(64) NOT NULL,
      method VARCHAR(200) NOT NULL,
      request_id VARCHAR(64) NOT NULL,
      fingerprint ${bytes},
      type VARCHAR(200),
      body ${bytes},
      answered_at BIGINT NOT NULL,
      PRIMARY KEY (caller_id, method, request_id)
    )`,
    "CREATE INDEX requests_answered_at ON requests (answered_at)",
  ];
}
