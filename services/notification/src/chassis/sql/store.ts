/** SQL stores: units of work in which outbox, inbox and answered requests commit with a service's own tables. */
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";

import { newFact, type Fact, type Headers, type Incoming } from "../facts.ts";
import { Conflict, Unavailable } from "../refusals.ts";
import type { Answered, Key } from "../requests.ts";
import { bytes, text, time, type Database, type Row, type Session, type Value } from "./database.ts";

// How long what is done is remembered, in ms. The inbox must remember longer than a fact can be on its way.
const REMEMBERED = 30 * 24 * 3_600_000;

/** One transaction. A service's unit adds its own tables to this. */
export class SqlUnit {
  readonly facts: Fact[] = [];
  /** Who is to be woken once this is committed, by name. */
  readonly wakes = new Set<string>();
  protected readonly session: Session;
  readonly #service: string;

  constructor(session: Session, service: string) {
    this.session = session;
    this.#service = service;
  }

  /** Writes a fact into the outbox with this commit. subject: the id of the aggregate it is about. */
  publish<Schema extends DescMessage>(
    subject: string,
    schema: Schema,
    message: MessageInitShape<Schema>,
    now: Date,
  ): void {
    this.facts.push(newFact(this.#service, subject, schema, message, now));
  }

  async firstTime(fact: Incoming): Promise<boolean> {
    const statement = "INSERT INTO inbox (fact_id, type, handled_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    return (await this.session.run(statement, fact.id, fact.type, Date.now())) === 1;
  }

  async claim(key: Key): Promise<void> {
    const statement = `INSERT INTO requests (caller_id, method, request_id, answered_at) VALUES (?, ?, ?, ?)
      ON CONFLICT DO NOTHING`;
    // PostgreSQL waits here for another unit that claims the same key.
    if ((await this.session.run(statement, ...values(key), Date.now())) === 0) throw new Conflict();
  }

  async answered(key: Key, answer: Answered): Promise<void> {
    const statement = `UPDATE requests SET fingerprint = ?, type = ?, body = ?
      WHERE caller_id = ? AND method = ? AND request_id = ?`;
    await this.session.run(statement, answer.fingerprint, answer.type, answer.body, ...values(key));
  }

  /** Forgets what was sent, handled or answered long ago. */
  async purge(now: Date): Promise<void> {
    const before = now.getTime() - REMEMBERED;
    await this.session.run("DELETE FROM outbox WHERE sent_at < ?", before);
    await this.session.run("DELETE FROM inbox WHERE handled_at < ?", before);
    await this.session.run("DELETE FROM requests WHERE answered_at < ?", before);
  }

  async flush(): Promise<void> {
    for (const fact of this.facts) {
      await this.session.run(
        "INSERT INTO outbox (id, type, subject, headers, body, time) VALUES (?, ?, ?, ?, ?, ?)",
        fact.id, fact.type, fact.subject, JSON.stringify(fact.headers), fact.body, fact.time.getTime(),
      );
    }
  }
}

/** Told of the facts of each commit, and of who is to be woken. */
export type Listener = (facts: readonly Fact[], wakes: ReadonlySet<string>) => void;

/** One service's database. */
export class SqlStore<Unit extends SqlUnit> {
  readonly #database: Database;
  readonly #unit: (session: Session) => Unit;
  readonly #listeners: Listener[] = [];

  constructor(database: Database, unit: (session: Session) => Unit) {
    this.#database = database;
    this.#unit = unit;
  }

  onCommit(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Does the work in a unit that commits when it ends without an error, and else changes nothing. */
  async begin<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result> {
    const { unit, result } = await this.#database.write(async (session) => {
      const unit = this.#unit(session);
      const result = await work(unit);
      await unit.flush();
      return { unit, result };
    });
    for (const listener of this.#listeners) listener(unit.facts, unit.wakes);
    return result;
  }

  /** Does the work in a unit for reading only. */
  async read<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result> {
    return await this.#database.read((session) => work(this.#unit(session)));
  }

  async answerTo(key: Key): Promise<Answered | undefined> {
    const statement = `SELECT fingerprint, type, body FROM requests
      WHERE caller_id = ? AND method = ? AND request_id = ?`;
    const [row] = await this.#database.read((session) => session.all(statement, ...values(key)));
    return row && { fingerprint: bytes(row, "fingerprint"), type: text(row, "type"), body: bytes(row, "body") };
  }

  async unsent(olderThanMs: number, limit: number): Promise<Fact[]> {
    const statement = "SELECT * FROM outbox WHERE sent_at IS NULL AND time <= ? ORDER BY id LIMIT ?";
    const rows = await this.#database.read((session) => session.all(statement, Date.now() - olderThanMs, limit));
    return rows.map(fact);
  }

  async sent(ids: readonly string[]): Promise<void> {
    const places = ids.map(() => "?").join(", ");
    const statement = `UPDATE outbox SET sent_at = ? WHERE id IN (${places})`;
    await this.#database.write((session) => session.run(statement, Date.now(), ...ids));
  }

  async purge(): Promise<void> {
    await this.begin((unit) => unit.purge(new Date()));
  }

  async reachable(): Promise<boolean> {
    try {
      await this.#database.read((session) => session.all("SELECT 1"));
      return true;
    } catch (error) {
      if (error instanceof Unavailable) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

function values(key: Key): Value[] {
  return [key.callerId, key.method, key.requestId];
}

function fact(row: Row): Fact {
  const headers = JSON.parse(text(row, "headers")) as Headers;
  return {
    id: text(row, "id"),
    type: text(row, "type"),
    subject: text(row, "subject"),
    time: time(row, "time"),
    headers,
    body: bytes(row, "body"),
  };
}
