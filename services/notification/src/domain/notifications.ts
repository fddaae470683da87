/** Notifications: what happened to whom, in words, and the channels it goes by. */
import { CHANNELS, type Channel, type Kind } from "./kinds.ts";
import { travels, type Preferences } from "./preferences.ts";
import type { Words } from "./words.ts";

/** Something that a person is to be told. factId: of the fact it follows from. */
export interface Occasion {
  readonly factId: string;
  readonly recipientId: string;
  readonly kind: Kind;
  readonly subjectId: string;
  readonly words: Words;
}

export interface Notification {
  readonly id: string;
  readonly factId: string;
  readonly recipientId: string;
  readonly kind: Kind;
  readonly title: string;
  readonly body: string;
  readonly subjectId: string;
  /** Whether it is among the person's in-app notifications. */
  readonly inApp: boolean;
  readonly created: Date;
  readonly read: Date | undefined;
}

/** PENDING goes out, or is tried again; the others are final. */
export type DeliveryState = "PENDING" | "SENT" | "FAILED" | "SKIPPED";

/** One channel of one notification: the audit. `reason`: why it failed or was skipped. */
export interface Delivery {
  readonly notificationId: string;
  readonly channel: Channel;
  readonly state: DeliveryState;
  readonly reason: string;
}

/** The notification of an occasion, and how it goes by each channel. In the app, written is sent. */
export function tell(
  occasion: Occasion,
  preferences: Preferences,
  id: string,
  now: Date,
): { notification: Notification; deliveries: Delivery[] } {
  const goes = (channel: Channel): boolean => travels(preferences, occasion.kind, channel);
  const { words, ...about } = occasion;
  const deliveries = CHANNELS.map((channel): Delivery => {
    if (!goes(channel)) return { notificationId: id, channel, state: "SKIPPED", reason: "TURNED_OFF" };
    return { notificationId: id, channel, state: channel === "IN_APP" ? "SENT" : "PENDING", reason: "" };
  });
  const notification = { ...about, ...words, id, inApp: goes("IN_APP"), created: now, read: undefined };
  return { notification, deliveries };
}

/** Whether anything at all goes out. What is off by default leaves no trace with those who did not ask for it. */
export function isWanted(kind: Kind, preferences: Preferences): boolean {
  return CHANNELS.some((channel) => travels(preferences, kind, channel));
}

/** One read before keeps its time. */
export function markRead(notification: Notification, now: Date): Notification {
  return { ...notification, read: notification.read ?? now };
}
