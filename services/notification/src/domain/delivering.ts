/** How often and how long an email is tried. */

// How long to wait after the first, second … failed attempt, in seconds; after the last one it has failed for good.
const WAITS = [1, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400] as const;

/** How long a delivery waits for an address that is not known yet, in milliseconds. */
export const ADDRESS_AWAITED = 24 * 3_600_000;

/** When to try again after so many attempts; nothing when that was the last. */
export function nextAttempt(attempts: number, now: Date): Date | undefined {
  const wait = WAITS[attempts - 1];
  return wait === undefined ? undefined : new Date(now.getTime() + wait * 1000);
}
