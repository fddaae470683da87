/** google.rpc.Status and the details we send in it, as bytes for the trailer `grpc-status-details-bin`. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A detail: its type's full name and its bytes. */
export interface Detail {
  readonly type: string;
  readonly value: Uint8Array;
}

export function encodeStatus(code: number, message: string, details: readonly Detail[]): Uint8Array {
  const writer = new BinaryWriter().uint32(tag(1, WireType.Varint)).int32(code);
  writer.uint32(tag(2)).string(message);
  for (const detail of details) {
    const any = new BinaryWriter();
    any.uint32(tag(1)).string(`type.googleapis.com/${detail.type}`);
    any.uint32(tag(2)).bytes(detail.value);
    writer.uint32(tag(3)).bytes(any.finish());
  }
  return writer.finish();
}

export function errorInfo(reason: string, domain: string, metadata: Readonly<Record<string, string>>): Detail {
  const writer = new BinaryWriter();
  writer.uint32(tag(1)).string(reason);
  writer.uint32(tag(2)).string(domain);
  for (const [key, value] of Object.entries(metadata)) writer.uint32(tag(3)).bytes(pair(key, value));
  return { type: "google.rpc.ErrorInfo", value: writer.finish() };
}

export function badRequest(violations: Readonly<Record<string, string>>): Detail {
  const writer = new BinaryWriter();
  for (const [field, problem] of Object.entries(violations)) writer.uint32(tag(1)).bytes(pair(field, problem));
  return { type: "google.rpc.BadRequest", value: writer.finish() };
}

/** seconds: when to try again. */
export function retryInfo(seconds: number): Detail {
  const whole = Math.floor(seconds);
  const duration = new BinaryWriter();
  duration.uint32(tag(1, WireType.Varint)).int64(whole);
  duration.uint32(tag(2, WireType.Varint)).int32(Math.round((seconds - whole) * 1000) * 1_000_000);
  const value = new BinaryWriter().uint32(tag(1)).bytes(duration.finish()).finish();
  return { type: "google.rpc.RetryInfo", value };
}

/** A map's entry and a field violation look alike: two strings. */
function pair(first: string, second: string): Uint8Array {
  return new BinaryWriter().uint32(tag(1)).string(first).uint32(tag(2)).string(second).finish();
}

function tag(field: number, type: WireType = WireType.LengthDelimited): number {
  return (field << 3) | type;
}
