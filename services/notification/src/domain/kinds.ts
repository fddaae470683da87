/** What notifications are about, how they travel, and what people have on when they have not said. */

export const KINDS = [
  "WELCOME",
  "ENROLLMENT_ACTIVATED",
  "ENROLLMENT_CANCELLED",
  "PAYMENT_DECLINED",
  "PAYMENT_REFUNDED",
  "CERTIFICATE_ISSUED",
  "COURSE_PUBLISHED",
] as const;

export const CHANNELS = ["IN_APP", "EMAIL"] as const;

export type Kind = (typeof KINDS)[number];
export type Channel = (typeof CHANNELS)[number];

/** Only news that nobody asked for is off. */
export function onByDefault(kind: Kind): boolean {
  return kind !== "COURSE_PUBLISHED";
}
