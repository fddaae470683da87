/** Checks of input that name every wrong field at once. */
import { isId } from "./ids.ts";
import { InvalidArgument } from "./refusals.ts";

const REQUEST_ID = /^[\x21-\x7e]{1,64}$/;
// A refusal travels in a header, which has a bound: it names the first wrong fields only.
const TOLD_AT_MOST = 20;

/** Collects violations; `done` refuses if there were any. */
export class Checks {
  readonly violations: Record<string, string> = {};

  that(holds: boolean, field: string, problem: string): void {
    if (!holds && Object.keys(this.violations).length < TOLD_AT_MOST) this.violations[field] ??= problem;
  }

  id(field: string, value: string): string {
    this.that(isId(value), field, "give an id (a UUID in lower case)");
    return value;
  }

  done(): void {
    if (Object.keys(this.violations).length > 0) throw new InvalidArgument(this.violations);
  }
}

/** Refuses what is not the id of anything. */
export function anId(field: string, value: string): string {
  const checks = new Checks();
  checks.id(field, value);
  checks.done();
  return value;
}

/** The id that a client gave its request. */
export function requestId(value: string): string {
  if (REQUEST_ID.test(value)) return value;
  throw new InvalidArgument({ request_id: "give 1 to 64 printable characters that name this request" });
}
