/** A real SMTP server that keeps what it is sent. */
import { SMTPServer } from "smtp-server";

export interface Letter {
  readonly to: readonly string[];
  /** Head and body, as they came over the line. */
  readonly text: string;
}

/** How the server behaves; each is asked for every letter. */
export interface Manners {
  /** What to answer after the letter came: nothing to accept it, or an error. Called before it is kept. */
  readonly data?: () => Promise<Error | undefined>;
  /** What to answer to a recipient. */
  readonly recipient?: () => Error | undefined;
}

export interface Catcher extends AsyncDisposable {
  readonly url: string;
  readonly letters: readonly Letter[];
}

export async function catcher(manners: Manners = {}, port = 0): Promise<Catcher> {
  const letters: Letter[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo: (_, __, answer) => { answer(manners.recipient?.() ?? null); },
    onData: (stream, session, answer) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => { chunks.push(chunk); });
      stream.on("end", () => {
        void (manners.data?.() ?? Promise.resolve(undefined)).then((refused) => {
          const to = session.envelope.rcptTo.map((recipient) => recipient.address);
          if (refused === undefined) letters.push({ to, text: Buffer.concat(chunks).toString() });
          answer(refused ?? null);
        });
      });
    },
  });
  server.on("error", () => undefined); // a client that was killed
  await new Promise<void>((resolve) => { server.listen(port, "127.0.0.1", () => { resolve(); }); });
  const address = server.server.address();
  const found = typeof address === "object" && address !== null ? address.port : 0;
  const close = (): Promise<void> => new Promise((resolve) => { server.close(() => { resolve(); }); });
  return { url: `smtp://127.0.0.1:${found}`, letters, [Symbol.asyncDispose]: close };
}

export function answered(code: number, said: string): Error {
  return Object.assign(new Error(said), { responseCode: code });
}

/** A header of a letter, unfolded; empty when it has none. */
export function header(letter: Letter, name: string): string {
  const head = (letter.text.split(/\r?\n\r?\n/, 1)[0] ?? "").replaceAll(/\r?\n[ \t]+/g, " ");
  return new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.trim() ?? "";
}
