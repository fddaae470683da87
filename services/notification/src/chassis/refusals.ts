/**
 * What a service refuses and why, in terms a program can read; errors.ts turns each into a gRPC status.
 *
 *     Refusal                 never thrown bare
 *     ├─ InvalidArgument      INVALID_ARGUMENT, with a violation per field
 *     ├─ Unauthenticated      UNAUTHENTICATED
 *     ├─ NotFound             NOT_FOUND
 *     ├─ Aborted              ABORTED
 *     ├─ ResourceExhausted    RESOURCE_EXHAUSTED
 *     ├─ DeadlineExceeded     DEADLINE_EXCEEDED
 *     └─ Unavailable          UNAVAILABLE
 *
 * This module imports nothing, so that a domain may use it.
 */

export type Code =
  | "INVALID_ARGUMENT"
  | "UNAUTHENTICATED"
  | "NOT_FOUND"
  | "ABORTED"
  | "RESOURCE_EXHAUSTED"
  | "DEADLINE_EXCEEDED"
  | "UNAVAILABLE";

export interface More {
  /** In how many seconds it is worth trying again. */
  readonly retryAfter?: number;
  /** What a program may need to go on; part of the contract. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A request that is turned down. Nothing was changed.
 *
 * reason: UPPER_SNAKE, part of the contract. message: one sentence for a person. Neither may hold a secret or somebody
 * else's data.
 */
export abstract class Refusal extends Error {
  abstract readonly code: Code;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfter: number | undefined;

  constructor(reason: string, message: string, more: More = {}) {
    super(message);
    this.name = new.target.name;
    this.reason = reason;
    this.metadata = more.metadata ?? {};
    this.retryAfter = more.retryAfter;
  }
}

/** The input is wrong whatever the state; `violations` maps a field's path to what is wrong with it. */
export class InvalidArgument extends Refusal {
  readonly code = "INVALID_ARGUMENT";
  readonly violations: Readonly<Record<string, string>>;

  constructor(violations: Readonly<Record<string, string>>) {
    const told = Object.entries(violations).map(([field, problem]) => `${field}: ${problem}`);
    super("INVALID_INPUT", told.join("; "));
    this.violations = violations;
  }
}

export class Unauthenticated extends Refusal {
  readonly code = "UNAUTHENTICATED";
}

export class NotFound extends Refusal {
  readonly code = "NOT_FOUND";
}

export class Aborted extends Refusal {
  readonly code = "ABORTED";
}

export class ResourceExhausted extends Refusal {
  readonly code = "RESOURCE_EXHAUSTED";
}

export class DeadlineExceeded extends Refusal {
  readonly code = "DEADLINE_EXCEEDED";
}

export class Unavailable extends Refusal {
  readonly code = "UNAVAILABLE";
}

/** A unit of work collided with another one; nothing was changed, and it may be tried again. */
export class Conflict extends Aborted {
  constructor() {
    super("TRY_AGAIN", "too many changes at the same moment; try again", { retryAfter: 0.5 });
  }
}
