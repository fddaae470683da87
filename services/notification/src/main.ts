/** The notification service's process. */
import "./chassis/memory.ts";

import { NotificationService } from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_service_pb.ts";

import { Chassis, launch } from "./chassis/chassis.ts";
import { SETTINGS, type Settings } from "./env.ts";
import { HANDLERS } from "./handlers.ts";
import { NotificationServicer } from "./servicer.ts";
import { smtp } from "./smtp.ts";
import { NotificationStore } from "./store/store.ts";
import { MAIL } from "./store/unit.ts";
import { Mailing } from "./usecases/mailing.ts";
import { Watchers } from "./usecases/watching.ts";
import { announceAlways, bellOf, hear } from "./waking.ts";

async function main(env: Settings): Promise<void> {
  const store = await NotificationStore.open(env.databaseUrl);
  if (env.migrateOnStart) await store.migrate();
  const service = new Chassis("notification", env);
  const watchers = new Watchers();
  const mailer = env.smtpUrl === "" ? undefined : await smtp(env.smtpUrl, env.mailFrom);
  const mailing = new Mailing(store, mailer, env.webUrl);
  service.serve(NotificationService, new NotificationServicer(store, watchers));
  service.consume(HANDLERS, store);
  service.keep(store);
  service.runAlways("mail", (signal) => mailing.run(bellOf(store, MAIL), signal));
  service.runAlways("announce", (signal) => announceAlways(store, signal));
  service.runAlways("watch", (signal) => hear(service.bus, store, watchers, signal));
  service.every(60_000, "give up", () => mailing.giveUp());
  await service.run();
}

await launch("notification", SETTINGS, main);
