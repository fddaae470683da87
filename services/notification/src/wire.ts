/** Between the domain and the contracts: this service's own, and what it reads of the others'. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { NotificationSentSchema } from
  "@coursemesh/contracts/src/coursemesh/notification/v1/notification_events_pb.ts";
import * as pb from "@coursemesh/contracts/src/coursemesh/notification/v1/notification_pb.ts";
import type { User } from "@coursemesh/contracts/src/coursemesh/user/v1/user_pb.ts";

import { Checks } from "./chassis/checks.ts";
import { CHANNELS, KINDS, type Channel, type Kind } from "./domain/kinds.ts";
import { isAddress, type Person } from "./domain/mail.ts";
import type { Notification } from "./domain/notifications.ts";
import { all, tidyTags, type Preference, type Preferences } from "./domain/preferences.ts";
import { line } from "./domain/words.ts";

export function notification(found: Notification): MessageInitShape<typeof pb.NotificationSchema> {
  return {
    id: found.id,
    recipientId: found.recipientId,
    kind: pb.Kind[found.kind],
    title: found.title,
    body: found.body,
    subjectId: found.subjectId,
    createTime: timestampFromDate(found.created),
    ...(found.read && { readTime: timestampFromDate(found.read) }),
  };
}

/** Every kind and channel, chosen or by default. */
export function preferences(found: Preferences): MessageInitShape<typeof pb.PreferencesSchema> {
  const told = all(found).map(({ kind, channel, enabled }) => (
    { kind: pb.Kind[kind], channel: pb.Channel[channel], enabled }));
  return { preferences: told, followedTags: [...found.followedTags] };
}

/** What a caller wants to change; refuses what is not a kind, a channel or a tag. */
export function given(message: pb.Preferences | undefined): Preferences {
  const checks = new Checks();
  checks.that(message !== undefined, "preferences", "say what to change");
  const pairs = new Set<string>();
  const chosen = (message?.preferences ?? []).flatMap((each, index): Preference[] => {
    const place = `preferences.preferences[${index}]`;
    const kind = KINDS.find((name) => pb.Kind[name] === each.kind);
    const channel = CHANNELS.find((name) => pb.Channel[name] === each.channel);
    checks.that(kind !== undefined, `${place}.kind`, "give a kind");
    checks.that(channel !== undefined, `${place}.channel`, "give a channel");
    if (kind === undefined || channel === undefined) return [];
    checks.that(!pairs.has(`${kind} ${channel}`), place, "give each kind and channel once");
    pairs.add(`${kind} ${channel}`);
    return [{ kind, channel, enabled: each.enabled }];
  });
  const followedTags = tidyTags(message?.followedTags ?? [], "preferences.followed_tags", checks);
  checks.done();
  return { chosen, followedTags };
}

export function sent(told: Notification, channel: Channel): MessageInitShape<typeof NotificationSentSchema> {
  const kind: Kind = told.kind;
  return {
    notificationId: told.id,
    recipientId: told.recipientId,
    kind: pb.Kind[kind],
    channel: pb.Channel[channel],
  };
}

export function person(user: User): Person {
  const address = isAddress(user.email) ? user.email : "";
  return { id: user.id, address, name: line(user.displayName), updatedMicros: micros(user.updateTime) };
}

/** Two changes in the same millisecond still have an order. */
function micros(time: Timestamp | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1_000_000 + Math.floor(time.nanos / 1000);
}
