/** What a notification says, as plain text. What others wrote is put on one line: it may be meant to mislead. */

/** title: one line. body: a few sentences. */
export interface Words {
  readonly title: string;
  readonly body: string;
}

export interface Money {
  readonly amountMinor: bigint;
  readonly currencyCode: string;
}

// Control characters, and those that change the direction or the break of what follows.
const UNFIT = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;
const LONGEST = 200;
const DECLINED: Readonly<Record<string, string>> = {
  CARD_DECLINED: "The card was declined.",
  INSUFFICIENT_FUNDS: "There was not enough money on the card.",
};

/** On one line, of a bearable length. */
export function line(text: string): string {
  const tidy = text.replaceAll(UNFIT, " ").replaceAll(/\s+/g, " ").trim();
  return tidy.length > LONGEST ? `${tidy.slice(0, LONGEST - 1).trimEnd()}…` : tidy;
}

export function welcome(): Words {
  return { title: "Welcome to Coursemesh", body: "Your account is ready. Find a course and start to learn." };
}

export function activated(courseTitle: string): Words {
  const title = line(courseTitle);
  return { title: line(`You are enrolled in ${title}`), body: `The course "${title}" is open to you. Enjoy learning!` };
}

export function cancelled(courseTitle: string): Words {
  const title = line(courseTitle);
  const body = `Your enrollment in "${title}" was cancelled. If you paid for it, the money is on its way back.`;
  return { title: line(`You left ${title}`), body };
}

export function declined(amount: Money | undefined, reason: string): Words {
  const why = DECLINED[reason] ?? "The payment provider refused it.";
  return {
    title: "Your payment was declined",
    body: `A payment${of(amount)} was not accepted. ${why} No money was taken; you can enroll again with another card.`,
  };
}

export function refunded(amount: Money | undefined): Words {
  return { title: "Your payment was refunded", body: `A payment${of(amount)} was given back to you.` };
}

export function certified(courseTitle: string, code: string): Words {
  const title = line(courseTitle);
  const body = `You finished "${title}". Your certificate's code is ${line(code)}; anybody can verify it.`;
  return { title: line(`Your certificate for ${title}`), body };
}

export function published(courseTitle: string, summary: string): Words {
  const title = line(courseTitle);
  const told = line(summary);
  return { title: line(`New course: ${title}`), body: `"${title}" is open for enrollment.${told && ` ${told}`}` };
}

function of(amount: Money | undefined): string {
  return amount === undefined ? "" : ` of ${money(amount)}`;
}

/** `EUR 49.00`; with as many decimals as the currency has. */
export function money({ amountMinor, currencyCode }: Money): string {
  const digits = decimals(currencyCode);
  const text = amountMinor.toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${line(currencyCode)} ${whole}${digits > 0 ? `.${text.slice(-digits)}` : ""}`;
}

function decimals(currency: string): number {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2; // no currency's code
  }
}
