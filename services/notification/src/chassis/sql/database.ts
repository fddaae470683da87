/** A SQL database, SQLite or PostgreSQL alike: sessions in transactions, and what their rows hold. */
import { Unavailable } from "../refusals.ts";
import { log } from "../logs.ts";

export type Value = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, Value>>;
export type Dialect = "sqlite" | "postgres";

/** One transaction, or a view for reading. Statements have `?` for each value. */
export interface Session {
  readonly dialect: Dialect;
  /** The rows that a statement gives. */
  all(statement: string, ...values: readonly Value[]): Promise<readonly Row[]>;
  /** How many rows a statement changed. */
  run(statement: string, ...values: readonly Value[]): Promise<number>;
}

export interface Database {
  readonly dialect: Dialect;
  /** Does the work in a transaction, which commits when it ends without an error, and else changes nothing. */
  write<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  /** Does reading work: each statement sees what is committed. */
  read<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`${column} holds no text`);
  return value;
}

export function whole(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new TypeError(`${column} holds no number`);
  return value;
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`${column} holds no bytes`);
  return value;
}

/** Times are kept in milliseconds since 1970, UTC. */
export function time(row: Row, column: string): Date {
  return new Date(whole(row, column));
}

/**
 * A defect. What the database says of it may hold a whole row, and goes to logs and dead letters: so only its code is
 * kept.
 */
export class StatementFailed extends Error {
  override readonly name = "StatementFailed";

  constructor(code: string) {
    super(`the database did not accept a statement: ${code}`);
  }
}

export function away(error: unknown): Unavailable {
  log.warning("the store is away", { error: error instanceof Error ? error.name : typeof error, code: codeOf(error) });
  return new Unavailable("STORE_UNAVAILABLE", "the service's store does not answer; try again", { retryAfter: 1 });
}

/** A driver's code for an error; empty where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
