/** What the use cases need of the outside. */
import type { Asked } from "../chassis/paging.ts";
import type { Channel } from "../domain/kinds.ts";
import type { Mail, Person } from "../domain/mail.ts";
import type { Delivery, DeliveryState, Notification } from "../domain/notifications.ts";
import type { Preferences } from "../domain/preferences.ts";
import type { Words } from "../domain/words.ts";

/** A course that those who follow one of its tags are still to be told of. reached: the last one told. */
export interface Announcement {
  readonly factId: string;
  readonly subjectId: string;
  readonly words: Words;
  readonly tags: readonly string[];
  readonly reached: string;
}

/** An email that is due. attempts: this one included. */
export interface Due {
  readonly notification: Notification;
  readonly person: Person;
  readonly attempts: number;
}

/** What became of an email. */
export interface Outcome {
  readonly state: DeliveryState;
  readonly reason: string;
  /** When it is tried again, while PENDING. */
  readonly due?: Date;
}

/** One transaction. */
export interface Unit {
  /**
   * The id of the person's latest notification, or nothing, kept from changing until the unit ends. So a person's ids
   * are in the order of their commits: who has read up to one of them has missed none before it.
   */
  latest(recipientId: string): Promise<string>;
  add(notification: Notification, deliveries: readonly Delivery[], now: Date): Promise<void>;
  /** Publishes NotificationSent. */
  sent(notification: Notification, channel: Channel, now: Date): void;
  preferences(recipientId: string): Promise<Preferences>;
  choose(recipientId: string, preferences: Preferences): Promise<void>;
  /** Keeps a person's name and address, unless newer ones are known. */
  keep(person: Person): Promise<void>;
  /** The person's in-app notification, kept from changing until the unit ends. */
  notification(recipientId: string, id: string): Promise<Notification | undefined>;
  markRead(id: string, now: Date): Promise<void>;
  announce(announcement: Announcement, now: Date): Promise<void>;
  /** An announcement that is not done, which no other unit has. */
  nextAnnouncement(): Promise<Announcement | undefined>;
  /** People who follow one of the tags and come after this one, in the order of their ids. */
  followers(tags: readonly string[], after: string, limit: number): Promise<readonly string[]>;
  /** reached: undefined when all are told. */
  announced(factId: string, reached: string | undefined, now: Date): Promise<void>;
  /** Takes due emails to people whose address is known: nobody else is given them before `until`. */
  take(now: Date, until: Date, limit: number): Promise<readonly Due[]>;
  /** Notes what became of an email; false when it was final already. */
  settle(notificationId: string, outcome: Outcome, now: Date): Promise<boolean>;
  /** Gives up the emails made before `since` to people who are still not known. How many those were. */
  giveUp(since: Date, now: Date): Promise<number>;
}

/** For reading only. */
export interface View {
  /** The person's in-app notifications, newest first; one more than asked for, if there is one. */
  list(recipientId: string, asked: Asked, unreadOnly: boolean): Promise<readonly Notification[]>;
  unread(recipientId: string): Promise<number>;
  preferences(recipientId: string): Promise<Preferences>;
  /** The id of the person's latest notification, or nothing. */
  last(recipientId: string): Promise<string>;
  /** The person's in-app notifications after this id, oldest first. */
  after(recipientId: string, id: string, limit: number): Promise<readonly Notification[]>;
  /** Whether an email is due. */
  isDue(now: Date): Promise<boolean>;
}

export interface Store {
  begin<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result>;
  read<Result>(work: (view: View) => Promise<Result>): Promise<Result>;
}

/** The server refuses this email for good; its text says why, without the address. */
export class Undeliverable extends Error {}

/** Where email goes out. */
export interface Mailer {
  /** Resolves once the server has taken it; throws Undeliverable, or anything else when it is worth another attempt. */
  send(mail: Mail): Promise<void>;
}
