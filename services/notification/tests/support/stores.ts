/** Stores for a test: SQLite, and a PostgreSQL with a database of its own for each. */
import { join } from "node:path";

import { newId } from "../../src/chassis/ids.ts";
import type { Database } from "../../src/chassis/sql/database.ts";
import { open } from "../../src/chassis/sql/open.ts";
import { NotificationStore } from "../../src/store/store.ts";
import { folder, postgres } from "./infrastructure.ts";
import "./quiet.ts";

export interface Stores extends AsyncDisposable {
  /** The URL of an empty database. */
  url(): Promise<string>;
}

export async function sqliteStores(): Promise<Stores> {
  const place = await folder();
  return {
    url: () => Promise.resolve(`sqlite:///${join(place.path, `${newId()}.db`)}`),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

export async function postgresStores(): Promise<Stores> {
  const server = await postgres();
  return {
    url: async () => {
      const name = `t${newId().replaceAll("-", "")}`;
      const database = await open(server.url);
      await database.read((session) => session.run(`CREATE DATABASE ${name}`));
      await database.close();
      return server.url.replace(/\/[^/]*$/, `/${name}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export interface Opened extends AsyncDisposable {
  /** The store's own database, to look behind it. */
  readonly database: Database;
}

/** An open, migrated store, closed afterwards. */
export async function opened(url: string): Promise<NotificationStore & Opened> {
  const database = await open(url);
  const store = new NotificationStore(database);
  await store.migrate();
  return Object.assign(store, { database, [Symbol.asyncDispose]: () => store.close() });
}
