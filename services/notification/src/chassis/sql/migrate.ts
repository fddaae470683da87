/** Migrations of a SQL schema: forward only, safe with many replicas starting at once. */
import { log } from "../logs.ts";
import { whole, type Database, type Dialect, type Session } from "./database.ts";

/** One step of a schema's history; once released it is never changed. Statements may differ by dialect. */
export type Migration = (words: Words) => readonly string[];

/** What the dialects call by different names. */
export interface Words {
  readonly bytes: string;
}

const WORDS: Readonly<Record<Dialect, Words>> = { sqlite: { bytes: "BLOB" }, postgres: { bytes: "BYTEA" } };
// Any number will do, as long as all replicas agree on it.
const LOCK = 0x636f7572;

/** Brings the schema to the last migration. One that is newer than this code is left to the code that made it. */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<void> {
  await database.write(async (session) => {
    if (session.dialect === "postgres") await session.all("SELECT pg_advisory_xact_lock(?)", LOCK);
    await session.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
    const current = await version(session);
    if (current >= migrations.length) return;
    for (const migration of migrations.slice(current)) {
      for (const statement of migration(WORDS[session.dialect])) await session.run(statement);
    }
    await session.run("DELETE FROM schema_version");
    await session.run("INSERT INTO schema_version (version) VALUES (?)", migrations.length);
    log.info("migrated", { revision: migrations.length });
  });
}

async function version(session: Session): Promise<number> {
  const [row] = await session.all("SELECT version FROM schema_version");
  return row === undefined ? 0 : whole(row, "version");
}
