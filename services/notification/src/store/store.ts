/** The notification service's database. */
import { migrate } from "../chassis/sql/migrate.ts";
import type { Database } from "../chassis/sql/database.ts";
import { open } from "../chassis/sql/open.ts";
import { SqlStore } from "../chassis/sql/store.ts";
import { MIGRATIONS } from "./migrations.ts";
import { NotificationUnit } from "./unit.ts";

export class NotificationStore extends SqlStore<NotificationUnit> {
  readonly #database: Database;

  constructor(database: Database) {
    super(database, (session) => new NotificationUnit(session));
    this.#database = database;
  }

  static async open(url: string): Promise<NotificationStore> {
    return new NotificationStore(await open(url));
  }

  async migrate(): Promise<void> {
    await migrate(this.#database, MIGRATIONS);
  }
}
