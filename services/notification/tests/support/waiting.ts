/** Waiting for what must come true, with a deadline. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** The first value of the condition that is neither false nor nothing; fails when it does not come in time. */
export async function eventually<Value>(
  condition: () => Value | Promise<Value>,
  seconds = 20,
): Promise<NonNullable<Exclude<Value, false>>> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<Value, false>>;
    assert(performance.now() < deadline, `it did not come true in time: ${condition.toString()}`);
    await sleep(10);
  }
}
