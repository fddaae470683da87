/** Brings the service's schema up to date, and ends: `DATABASE_URL=… node src/migrate.ts`. */
import * as logs from "./chassis/logs.ts";
import { read } from "./chassis/settings.ts";
import { DATABASE } from "./env.ts";
import { NotificationStore } from "./store/store.ts";

const env = read(DATABASE, process.env);
logs.configure("notification", env.logLevel);
const store = await NotificationStore.open(env.databaseUrl);
await store.migrate();
await store.close();
