/** Dead letters: facts that a service could not handle, kept with the reason until they are replayed. */
import { type Bus, fromNats } from "./bus.ts";
import type { Delivered } from "./delivered.ts";

// As every service of the system writes them, whatever its language.
const SERVICE = "Dead-Service";
const REASON = "Dead-Reason";
const COUNT = "Dead-Deliveries";
const STREAM = "Dead-Stream";
const SEQUENCE = "Dead-Sequence";
const SUBJECT = "Dead-Subject";
const TIME = "Dead-Time";
const REASON_AT_MOST = 500;

/** Puts a message among the dead letters, once however often it is tried. */
export async function bury(bus: Bus, service: string, message: Delivered, error: Error): Promise<void> {
  const headers = fromNats(message.headers);
  // A replayed letter that fails again keeps the origin it had.
  const origin: Record<string, string> =
    STREAM in headers
      ? headers
      : { [STREAM]: message.stream, [SEQUENCE]: String(message.sequence), [SUBJECT]: message.subject };
  await bus.publish(`dead.${service}.${origin[SUBJECT] ?? ""}`, message.data, {
    ...headers,
    ...origin,
    [SERVICE]: service,
    [REASON]: `${error.name}: ${error.message}`.slice(0, REASON_AT_MOST).replaceAll(/[\r\n]/g, " "),
    [COUNT]: String(message.deliveries),
    [TIME]: message.time.toISOString(),
    "Nats-Msg-Id": `${service}:${message.stream}:${message.sequence}`,
  });
}
