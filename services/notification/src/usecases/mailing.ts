/**
 * Sending email: due deliveries are taken under a lease, sent outside any transaction, and marked.
 *
 * What is promised: an email goes out at least once, and exactly once unless the process dies, loses the connection or
 * waits in vain between the moment the SMTP server accepts it and the moment it is marked here: SMTP has no way to ask
 * whether it was accepted. An email that is sent again carries the same Message-ID, by which mail servers and programs
 * know it.
 */
import { kindOf, log } from "../chassis/logs.ts";
import { type Bell } from "../chassis/waiting.ts";
import { ADDRESS_AWAITED, nextAttempt } from "../domain/delivering.ts";
import { compose, isAddress } from "../domain/mail.ts";
import { type Due, type Mailer, type Outcome, type Store, Undeliverable } from "./ports.ts";

// How many are taken and sent at once, and for how long they are taken: longer than the mailer may take.
const AT_ONCE = 10;
const LEASE = 90_000;
// How often it is looked for what is due without a word from anybody, in milliseconds.
const LOOK_EVERY = 1_000;

/** mailer: nothing when email is off. */
export class Mailing {
  readonly #store: Store;
  readonly #mailer: Mailer | undefined;
  readonly #webUrl: string;

  constructor(store: Store, mailer: Mailer | undefined, webUrl: string) {
    this.#store = store;
    this.#mailer = mailer;
    this.#webUrl = webUrl;
  }

  /** Sends until the signal; what is being sent then is still marked. */
  async run(bell: Bell, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await this.next()) continue;
      } catch (error) {
        log.warning("email waits", { error: kindOf(error) });
      }
      await bell.heard(LOOK_EVERY, signal);
    }
  }

  /** Sends what is due; whether anything was. */
  async next(): Promise<boolean> {
    const now = new Date();
    if (!(await this.#store.read((view) => view.isDue(now)))) return false;
    const taken = await this.#store.begin((unit) => unit.take(now, new Date(now.getTime() + LEASE), AT_ONCE));
    await Promise.all(taken.map((due) => this.#deliver(due)));
    return taken.length > 0;
  }

  /** Gives up what waited too long for an address. */
  async giveUp(): Promise<void> {
    const now = new Date();
    const since = new Date(now.getTime() - ADDRESS_AWAITED);
    const count = await this.#store.begin((unit) => unit.giveUp(since, now));
    if (count > 0) log.warning("emails to people who never became known were given up", { count });
  }

  async #deliver(due: Due): Promise<void> {
    const outcome = await this.#attempt(due);
    const now = new Date();
    await this.#store.begin(async (unit) => {
      const settled = await unit.settle(due.notification.id, outcome, now);
      if (settled && outcome.state === "SENT") unit.sent(due.notification, "EMAIL", now);
    });
    const told = { notification: due.notification.id, state: outcome.state, attempts: due.attempts };
    (outcome.state === "FAILED" ? log.error : log.info)("email", { ...told, reason: outcome.reason });
  }

  async #attempt({ notification, person, attempts }: Due): Promise<Outcome> {
    if (this.#mailer === undefined) return { state: "SKIPPED", reason: "EMAIL_IS_OFF" };
    if (!isAddress(person.address)) return { state: "FAILED", reason: "NO_ADDRESS" };
    try {
      await this.#mailer.send(compose(notification, person, this.#webUrl));
      return { state: "SENT", reason: "" };
    } catch (error) {
      if (error instanceof Undeliverable) return { state: "FAILED", reason: error.message };
      const due = nextAttempt(attempts, new Date());
      const reason = kindOf(error);
      return due === undefined ? { state: "FAILED", reason } : { state: "PENDING", reason, due };
    }
  }
}
