/** Email over SMTP: the port of the use cases, by nodemailer. */
import { pause } from "./chassis/waiting.ts";
import type { Mail } from "./domain/mail.ts";
import { type Mailer, Undeliverable } from "./usecases/ports.ts";

// How long the server may take to be found, to take a connection, to greet; for each answer; for the whole, in ms.
const CONNECT = 5_000;
const SILENT = 10_000;
const WHOLE = 30_000;

/** The mailer of an SMTP server: `smtp://[user:password@]host:port`, or smtps. from: as in a letter's head. */
export async function smtp(url: string, from: string): Promise<Mailer> {
  // Imported only where it is used: without a server there is no email.
  const { createTransport } = await import("nodemailer");
  const server = new URL(url);
  const secure = server.protocol === "smtps:";
  const credentials = { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) };
  const transport = createTransport({
    host: server.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(server.port || (secure ? 465 : 587)),
    secure,
    // A password goes over no open line.
    ...(credentials.user && { auth: credentials, requireTLS: !secure }),
    dnsTimeout: CONNECT,
    connectionTimeout: CONNECT,
    greetingTimeout: CONNECT,
    socketTimeout: SILENT,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { send: (mail) => send(transport, from, mail) };
}

interface Transport {
  sendMail(letter: Letter): Promise<unknown>;
}

interface Letter extends Pick<Mail, "subject" | "text" | "html" | "messageId"> {
  readonly from: string;
  readonly to: { readonly name: string; readonly address: string };
}

class TooSlow extends Error {}

async function send(transport: Transport, from: string, mail: Mail): Promise<void> {
  const { messageId, toAddress, toName, subject, text, html } = mail;
  const letter = { from, to: { name: toName, address: toAddress }, subject, text, html, messageId };
  const enough = new AbortController();
  const sending = transport.sendMail(letter).finally(() => { enough.abort(); });
  try {
    await Promise.race([sending, pause(WHOLE, enough.signal).then(() => Promise.reject(new TooSlow()))]);
  } catch (error) {
    throw refusal(error) ?? error;
  }
}

/** What the server says about this email or its recipient with a 5xx will not change; anything else may. */
function refusal(error: unknown): Undeliverable | undefined {
  if (!(error instanceof Error) || !("responseCode" in error) || !("command" in error)) return undefined;
  const code = Number(error.responseCode);
  const about = ["RCPT TO", "DATA"].includes(String(error.command));
  return about && code >= 500 && code < 600 ? new Undeliverable(`REFUSED_${code}`) : undefined;
}
