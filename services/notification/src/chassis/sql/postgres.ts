/** PostgreSQL, through a pool of connections. */
import pg from "pg";

import { kindOf, log } from "../logs.ts";
import { Conflict } from "../refusals.ts";
import { away, codeOf, StatementFailed, type Database, type Row, type Session, type Value } from "./database.ts";

// Units that collided: serialization failure, deadlock, lock not available.
const COLLIDED = new Set(["40001", "40P01", "55P03"]);
// Connection errors, resources, an operator's stop, and statements that took too long.
const AWAY = /^(08|53|57|58)|^E[A-Z]+$/;

export class Postgres implements Database {
  readonly dialect = "postgres";
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 10,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
      statement_timeout: 5_000,
      query_timeout: 7_000,
      idle_in_transaction_session_timeout: 30_000,
      application_name: "notification",
      types: { getTypeParser: parser },
    });
    // A connection that breaks while idle is replaced by the next one.
    this.#pool.on("error", (error) => { log.warning("a connection to the store broke", { error: kindOf(error) }); });
  }

  async write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return await this.#connected(async (session) => {
      await session.run("BEGIN");
      const result = await work(session);
      await session.run("COMMIT");
      return result;
    });
  }

  async read<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return await this.#connected(work);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connected<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect().catch((error: unknown) => Promise.reject(away(error)));
    let broken = false;
    try {
      return await work(new PostgresSession(client));
    } catch (error) {
      // A connection that cannot even roll back is of no use any more.
      broken = await client.query("ROLLBACK").then(() => false, () => true);
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

class PostgresSession implements Session {
  readonly dialect = "postgres";
  readonly #client: pg.PoolClient;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async all(statement: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return (await this.#query(statement, values)).rows;
  }

  async run(statement: string, ...values: readonly Value[]): Promise<number> {
    return (await this.#query(statement, values)).rowCount ?? 0;
  }

  async #query(statement: string, values: readonly Value[]): Promise<pg.QueryResult<Row>> {
    try {
      return await this.#client.query<Row>(numbered(statement), [...values]);
    } catch (error) {
      throw translated(error);
    }
  }
}

/** `?` for each value becomes `$1`, `$2` … */
function numbered(statement: string): string {
  let count = 0;
  return statement.replaceAll("?", () => `$${(count += 1)}`);
}

function translated(error: unknown): Error {
  const code = codeOf(error);
  if (COLLIDED.has(code)) return new Conflict();
  // Without a code: the connection ended, or the client's own patience did.
  if (AWAY.test(code) || code === "") return away(error);
  return new StatementFailed(code);
}

/** Our 64-bit numbers are times and counts, which a double holds. */
const { builtins, getTypeParser } = pg.types;

function parser(type: Parameters<typeof getTypeParser>[0], format?: "text" | "binary"): (value: string) => unknown {
  return type === builtins.INT8 ? Number : (getTypeParser(type, format) as (value: string) => unknown);
}
