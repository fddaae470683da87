/** Emails: a notification's words with a greeting, as plain text and as simple HTML. */
import type { Notification } from "./notifications.ts";
import { line } from "./words.ts";

/** A person as far as a letter needs them. updatedMicros: decides what is newer, in microseconds since 1970. */
export interface Person {
  readonly id: string;
  readonly address: string;
  readonly name: string;
  readonly updatedMicros: number;
}

export interface Mail {
  /** The same whenever the same notification is sent again, so that who receives it can see that. */
  readonly messageId: string;
  readonly toAddress: string;
  readonly toName: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const HTML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
// One address and nothing that could end it, name a second one, or begin another header.
const ADDRESS = /^[^\s\p{Cc}<>()[\]\\,;:"@]{1,64}@[^\s\p{Cc}<>()[\]\\,;:"@]{1,190}$/u;

export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** webUrl: where the page is; empty when there is none. */
export function compose(notification: Notification, person: Person, webUrl: string): Mail {
  const name = line(person.name);
  const greeting = name === "" ? "Hello," : `Hello ${name},`;
  const place = webUrl === "" ? [] : [`Open Coursemesh: ${webUrl}`];
  return {
    messageId: messageId(notification),
    toAddress: person.address,
    toName: name,
    subject: line(notification.title),
    text: [greeting, notification.body, ...place, "Coursemesh"].join("\n\n") + "\n",
    html: html([greeting, notification.body], webUrl),
  };
}

/** Of the fact, the person and the channel: one fact may be told to many. */
function messageId(notification: Notification): string {
  const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9-]/g, "_");
  return `<${plain(notification.factId)}.${plain(notification.recipientId)}.email@coursemesh.example>`;
}

function html(paragraphs: readonly string[], webUrl: string): string {
  const told = paragraphs.map((paragraph) => `<p>${escaped(paragraph)}</p>`);
  const link = webUrl === "" ? [] : [`<p><a href="${escaped(webUrl)}">Open Coursemesh</a></p>`];
  const lines = ["<!doctype html>", '<html lang="en"><body>', ...told, ...link, "<p>Coursemesh</p>", "</body></html>"];
  return `${lines.join("\n")}\n`;
}

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => HTML[character] ?? character);
}
