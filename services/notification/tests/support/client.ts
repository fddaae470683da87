/** A client of the notification service, as a gateway is one: tokens as metadata, refusals with their details. */
import { create, fromBinary, toBinary, type DescMessage, type DescMethod, type MessageInitShape, type MessageShape }
  from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { Client, credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";

/** What a refused call said. */
export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly reason: string;
  readonly domain: string;
  readonly violations: Readonly<Record<string, string>>;
}

interface Method<Input extends DescMessage, Output extends DescMessage> {
  readonly parent: DescMethod["parent"];
  readonly name: string;
  readonly input: Input;
  readonly output: Output;
}

/** One message after the other; `stop` cancels the call. */
export interface Stream<Message> extends AsyncIterable<Message> {
  /** The server has taken the call and looks from now on. */
  readonly begun: Promise<unknown>;
  next(): Promise<Message>;
  stop(): void;
}

export class Caller implements Disposable {
  readonly #client: Client;
  readonly #metadata: Metadata;

  constructor(address: string, token: string, more: Readonly<Record<string, string>> = {}) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#metadata = new Metadata();
    if (token !== "") this.#metadata.set("authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(more)) this.#metadata.set(name, value);
  }

  async call<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    request: MessageInitShape<Input>,
    timeoutMs = 10_000,
  ): Promise<MessageShape<Output>> {
    return await this.raw(method, toBinary(method.input, create(method.input, request)), timeoutMs);
  }

  async raw<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    request: Uint8Array,
    timeoutMs = 10_000,
  ): Promise<MessageShape<Output>> {
    return await new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => fromBinary(method.output, bytes),
        request,
        this.#metadata,
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          if (error !== null || answer === undefined) reject(error ?? new Error("no answer"));
          else resolve(answer);
        },
      );
    });
  }

  stream<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    request: MessageInitShape<Input>,
  ): Stream<MessageShape<Output>> {
    const call = this.#client.makeServerStreamRequest(
      `/${method.parent.typeName}/${method.name}`,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      toBinary(method.input, create(method.input, request)),
      this.#metadata,
    );
    const begun = new Promise((resolve) => { call.once("metadata", resolve); });
    const messages = call[Symbol.asyncIterator]() as AsyncIterator<MessageShape<Output>>;
    return {
      begun,
      next: async () => {
        const found = await messages.next();
        if (found.done === true) throw new Error("the stream ended");
        return found.value;
      },
      stop: () => {
        call.on("error", () => undefined); // it tells of the cancellation
        call.cancel();
      },
      [Symbol.asyncIterator]: () => messages,
    };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** What the call was refused with; throws when it was not. */
export async function refusal(call: Promise<unknown>): Promise<Refused> {
  const error = await call.then(() => { throw new Error("it was not refused"); }, (thrown: unknown) => thrown);
  if (!(error instanceof Error) || !("metadata" in error)) throw error;
  const { code, details, metadata } = error as ServiceError;
  const bytes = metadata.get("grpc-status-details-bin")[0];
  const found = { reason: "", domain: "", violations: {} as Record<string, string> };
  for (const any of bytes instanceof Buffer ? fields(bytes).filter(([field]) => field === 3) : []) {
    const [[, url] = [0, Buffer.of()], [, value] = [0, Buffer.of()]] = fields(any[1]);
    if (url.toString().endsWith("/google.rpc.ErrorInfo")) {
      found.reason = text(value, 1);
      found.domain = text(value, 2);
    } else if (url.toString().endsWith("/google.rpc.BadRequest")) {
      for (const [, violation] of fields(value)) found.violations[text(violation, 1)] = text(violation, 2);
    }
  }
  return { code: status[code], message: details, ...found };
}

function text(message: Buffer, wanted: number): string {
  return fields(message).find(([field]) => field === wanted)?.[1].toString() ?? "";
}

/** The fields of a message that have a length. */
function fields(message: Buffer): [number, Buffer][] {
  const reader = new BinaryReader(message);
  const found: [number, Buffer][] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) found.push([field, Buffer.from(reader.bytes())]);
    else reader.skip(type, field);
  }
  return found;
}
