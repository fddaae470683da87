/** Real servers for a test, as the workbench starts them: fresh, isolated, and there to be killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = join(import.meta.dirname, "../../../..");
export const PYTHON = process.env["COURSEMESH_PYTHON"] ?? join(ROOT, ".venv/bin/python");

/** A running server. kill: as kill -9 does; what it had on disk stays. */
export interface Running extends AsyncDisposable {
  readonly url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

const SCRIPT = `
import sys
from workbench.infrastructure.KIND import temporary
with temporary() as server:
    print(str(server), flush=True)
    for line in sys.stdin:
        getattr(server, line.strip())()
        print("done", flush=True)
`;

export async function nats(): Promise<Running> {
  return await running("nats");
}

export async function postgres(): Promise<Running> {
  return await running("postgres");
}

/** An empty folder that is gone afterwards. */
export async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "coursemesh-notification-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function running(kind: string): Promise<Running> {
  // It ends when its input does, so also when the test dies.
  const child = spawn(PYTHON, ["-c", SCRIPT.replace("KIND", kind)], { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${kind} did not start`);
    return line.value;
  };
  const tell = async (command: string): Promise<void> => {
    child.stdin.write(`${command}\n`);
    await next();
  };
  const url = await next();
  return {
    url,
    kill: () => tell("kill"),
    start: () => tell("start"),
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
  };
}

/** Runs Python in the checkout; what it printed. */
export async function python(script: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(PYTHON, ["-c", script, ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const said: Buffer[] = [];
  for await (const chunk of child.stdout) said.push(chunk as Buffer);
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`python ended with ${code ?? "a signal"}`);
  return Buffer.concat(said).toString();
}
