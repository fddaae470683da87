/** How a person wishes to be told: by kind and channel, and of which tags' new courses. */
import { Checks } from "../chassis/checks.ts";
import { CHANNELS, KINDS, onByDefault, type Channel, type Kind } from "./kinds.ts";

export const TAGS_AT_MOST = 50;
const TAG_LENGTH = 40;

export interface Preference {
  readonly kind: Kind;
  readonly channel: Channel;
  readonly enabled: boolean;
}

/** chosen: only the pairs the person set themselves. followedTags: lower case, once each, sorted. */
export interface Preferences {
  readonly chosen: readonly Preference[];
  readonly followedTags: readonly string[];
}

export const UNTOUCHED: Preferences = { chosen: [], followedTags: [] };

/** One for each kind and channel, chosen or by default. */
export function all(preferences: Preferences): Preference[] {
  return KINDS.flatMap((kind) =>
    CHANNELS.map((channel) => ({ kind, channel, enabled: travels(preferences, kind, channel) })));
}

export function travels(preferences: Preferences, kind: Kind, channel: Channel): boolean {
  const chosen = preferences.chosen.find((each) => each.kind === kind && each.channel === channel);
  return chosen?.enabled ?? onByDefault(kind);
}

/** Pairs that are not given stay as they are; the tags are replaced as a whole. */
export function change(before: Preferences, given: Preferences): Preferences {
  const kept = before.chosen.filter(
    (old) => !given.chosen.some((each) => each.kind === old.kind && each.channel === old.channel));
  return { chosen: [...kept, ...given.chosen], followedTags: given.followedTags };
}

/** Tags as they are kept; notes in `checks` what is wrong with them. field: their place in the request. */
export function tidyTags(given: readonly string[], field: string, checks: Checks): string[] {
  const tags = given.map((tag) => tag.trim().toLowerCase());
  for (const [index, tag] of tags.entries()) {
    const fits = tag.length >= 1 && tag.length <= TAG_LENGTH;
    checks.that(fits, `${field}[${index}]`, `give 1 to ${TAG_LENGTH} characters`);
    checks.that(!/\p{Cc}/u.test(tag), `${field}[${index}]`, "give no control characters");
  }
  const tidy = [...new Set(tags)].sort();
  checks.that(tidy.length <= TAGS_AT_MOST, field, `give at most ${TAGS_AT_MOST}`);
  return tidy;
}
