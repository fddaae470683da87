/** SQLite, in Node itself: one writer, readers beside it. */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";

import { away, StatementFailed, type Database, type Row, type Session, type Value } from "./database.ts";

// SQLite's codes for a file that cannot be worked with now: busy, locked, read-only, I/O error, full, cannot open.
const AWAY = new Set([5, 6, 8, 10, 13, 14]);
const PRAGMAS = ["journal_mode=WAL", "synchronous=FULL", "busy_timeout=1000", "foreign_keys=ON"];

export class Sqlite implements Database {
  readonly dialect = "sqlite";
  readonly #writer: Connection;
  readonly #reader: Connection;
  // Waiting for the one writer here is fair and prompt; SQLite's own waiting would hold up the whole process.
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    // It holds addresses: nobody else on the machine may read it, nor the files SQLite puts beside it.
    closeSync(openSync(path, "a", 0o600));
    this.#writer = new Connection(path);
    this.#reader = new Connection(path);
  }

  async write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(() => this.#transaction(work));
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  async read<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return await work(this.#reader);
  }

  async close(): Promise<void> {
    await this.#last;
    this.#reader.close();
    this.#writer.close();
  }

  async #transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    // With the write lock: a transaction that reads first and then writes fails when another one wrote meanwhile.
    await this.#writer.run("BEGIN IMMEDIATE");
    try {
      const result = await work(this.#writer);
      await this.#writer.run("COMMIT");
      return result;
    } catch (error) {
      this.#writer.rollback();
      throw error;
    }
  }
}

class Connection implements Session {
  readonly dialect = "sqlite";
  readonly #database: DatabaseSync;
  // As many as there are statements in the code.
  readonly #prepared = new Map<string, StatementSync>();

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    for (const pragma of PRAGMAS) this.#database.exec(`PRAGMA ${pragma}`);
  }

  all(statement: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return this.#translated(() => this.#statement(statement).all(...values) as Row[]);
  }

  run(statement: string, ...values: readonly Value[]): Promise<number> {
    return this.#translated(() => Number(this.#statement(statement).run(...values).changes));
  }

  rollback(): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #statement(statement: string): StatementSync {
    const known = this.#prepared.get(statement) ?? this.#database.prepare(statement);
    this.#prepared.set(statement, known);
    return known;
  }

  /** The driver is synchronous; what it throws arrives as with any other database. */
  #translated<Result>(work: () => Result): Promise<Result> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(translated(error));
    }
  }
}

function translated(error: unknown): Error {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  if (AWAY.has(code)) return away(error);
  return new StatementFailed(`SQLite ${code}`);
}

