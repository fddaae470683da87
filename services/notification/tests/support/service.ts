/** The service as a process of its own, to be asked, stopped and killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

export type Line = Readonly<Record<string, unknown>>;

export interface Process extends AsyncDisposable {
  readonly pid: number;
  /** What it logged so far. */
  readonly lines: readonly Line[];
  /** What it said that is no log. */
  readonly said: readonly string[];
  /** Its exit code, once it has one. */
  readonly exited: Promise<number | null>;
  address(): string | undefined;
  signal(name: NodeJS.Signals): void;
}

export function start(env: Readonly<Record<string, string>>): Process {
  const surroundings = { PATH: process.env["PATH"], ...env };
  const child = spawn(process.execPath, [MAIN], { env: surroundings, stdio: ["ignore", "inherit", "pipe"] });
  const lines: Line[] = [];
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.startsWith("{")) lines.push(JSON.parse(line) as Line);
    else said.push(line);
  });
  const exited = once(child, "close").then(() => child.exitCode);
  return {
    pid: child.pid ?? 0,
    lines,
    said,
    exited,
    address: () => lines.find((line) => line["message"] === "listening")?.["address"] as string | undefined,
    signal: (name) => { child.kill(name); },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
