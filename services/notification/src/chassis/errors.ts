/**
 * How what goes wrong in a servicer becomes a gRPC status, in one place. Nothing else of an error reaches a client.
 *
 *     a Refusal        its code, with ErrorInfo (reason, domain, metadata); for bad input BadRequest as well
 *     anything else    INTERNAL and the trace id; the exception goes to the log
 */
import { Metadata, status as codes, type StatusObject } from "@grpc/grpc-js";

import { log } from "./logs.ts";
import { InvalidArgument, Refusal } from "./refusals.ts";
import { badRequest, encodeStatus, errorInfo, retryInfo, type Detail } from "./rpcstatus.ts";
import { traceId } from "./telemetry.ts";

export const DOMAIN = "coursemesh";

export function toStatus(error: unknown): StatusObject {
  if (error instanceof Refusal) return refused(error);
  const trace = traceId();
  log.error("unexpected error", {}, error);
  const info = errorInfo("INTERNAL_ERROR", DOMAIN, { trace_id: trace });
  return status(codes.INTERNAL, `internal error, trace ${trace}`, [info]);
}

function refused(refusal: Refusal): StatusObject {
  const details = [errorInfo(refusal.reason, DOMAIN, refusal.metadata)];
  if (refusal instanceof InvalidArgument) details.push(badRequest(refusal.violations));
  if (refusal.retryAfter !== undefined) details.push(retryInfo(refusal.retryAfter));
  return status(codes[refusal.code], refusal.message, details);
}

function status(code: codes, message: string, details: readonly Detail[]): StatusObject {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus(code, message, details)));
  return { code, details: message, metadata };
}
