/** Keeps what the code under test logs out of what the tests say. Lines are kept for who asks. */
import { configure } from "../../src/chassis/logs.ts";

export const logged: string[] = [];

configure("test", "DEBUG", (line) => { logged.push(line); });
