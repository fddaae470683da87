/** UUIDv7: unique, and later ones sort after earlier ones. */
import { randomBytes } from "node:crypto";

const LAYOUT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const RANDOM_BITS = 74n; // beside 48 bits of time, 4 of version and 2 of variant

export function isId(text: string): boolean {
  return LAYOUT.test(text);
}

export function newId(now: Date = new Date()): string {
  return text((BigInt(now.getTime()) << RANDOM_BITS) | random());
}

/**
 * A new id that sorts after `last`, also when the clock of who made that one is ahead of ours. Who holds a lock while
 * they read `last` and write the new id gets ids in the order of the commits.
 */
export function newIdAfter(last: string, now: Date = new Date()): string {
  const id = newId(now);
  return id > last ? id : text(bits(last) + 1n);
}

function random(): bigint {
  return BigInt(`0x${randomBytes(10).toString("hex")}`) & ((1n << RANDOM_BITS) - 1n);
}

/** The id's 122 bits that are neither version nor variant. */
function bits(id: string): bigint {
  const all = BigInt(`0x${id.replaceAll("-", "")}`);
  const time = all >> 80n;
  const high = (all >> 64n) & 0xfffn;
  return (time << RANDOM_BITS) | (high << 62n) | (all & ((1n << 62n) - 1n));
}

function text(found: bigint): string {
  const time = found >> RANDOM_BITS;
  const high = (found >> 62n) & 0xfffn;
  const low = found & ((1n << 62n) - 1n);
  const hex = ((time << 80n) | (7n << 76n) | (high << 64n) | (2n << 62n) | low).toString(16).padStart(32, "0");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
