/** A message as a durable consumer delivers it: where it lies in its stream, and how it is answered. */
import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/transport-node";

export interface Delivered {
  readonly subject: string;
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
  readonly stream: string;
  readonly sequence: number;
  readonly deliveries: number;
  readonly time: Date;
  /** It is done. */
  ack(): void;
  /** It comes again: at once, or after so many milliseconds. */
  nak(afterMs?: number): void;
  /** It never comes again. */
  term(): void;
}

/** reply: `$JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.consumer-sequence.nanoseconds.pending` */
export function delivered(nats: NatsConnection, message: Msg): Delivered {
  const parts = (message.reply ?? "").split(".");
  const at = parts.length > 9 ? 4 : 2;
  let open = true;
  const answer = (text: string): void => {
    // Without a broker nothing can be answered: the message comes again, and the inbox knows what was done.
    if (open && !nats.isClosed()) message.respond(text);
    open = false;
  };
  return {
    subject: message.subject,
    headers: message.headers,
    data: message.data,
    stream: parts[at] ?? "",
    deliveries: Number(parts[at + 2]),
    sequence: Number(parts[at + 3]),
    time: new Date(Number(BigInt(parts[at + 5] ?? 0) / 1_000_000n)),
    ack: () => { answer("+ACK"); },
    nak: (afterMs) => { answer(afterMs === undefined ? "-NAK" : `-NAK {"delay": ${afterMs * 1_000_000}}`); },
    term: () => { answer("+TERM"); },
  };
}
