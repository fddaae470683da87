/** Which database a URL means. */
import type { Database } from "./database.ts";
import { Sqlite } from "./sqlite.ts";

/**
 * The database at a URL: `sqlite:///absolute/path.db` or `postgresql://user:password@host:port/name`. What the Python
 * services add to the scheme (`sqlite+aiosqlite`, `postgresql+psycopg`) is accepted and means the same.
 */
export async function open(url: string): Promise<Database> {
  const [, scheme = "", rest = ""] = /^([a-z]+)(?:\+[a-z0-9]+)?:\/\/(.*)$/s.exec(url) ?? [];
  if (scheme === "sqlite") return new Sqlite(rest.slice(1));
  // Imported only where it is used: the driver costs memory.
  if (scheme === "postgresql" || scheme === "postgres") {
    return new (await import("./postgres.ts")).Postgres(`postgresql://${rest}`);
  }
  throw new TypeError("a database's URL begins with sqlite:// or postgresql://");
}

export function isDatabaseUrl(url: string): boolean {
  return /^(sqlite(\+[a-z0-9]+)?:\/\/\/.+|postgres(ql)?(\+[a-z0-9]+)?:\/\/.+)$/s.test(url);
}
