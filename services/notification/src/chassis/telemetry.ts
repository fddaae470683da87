/** Traces: OpenTelemetry, W3C trace context in and out, OTLP when an endpoint is set. */
import { context, propagation, ROOT_CONTEXT, trace, type Context, type Span, type SpanKind } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";

import type { Environment } from "./settings.ts";

const CLOSE_MS = 5_000;

let provider: TracerProvider | undefined;

/**
 * Starts tracing for the process. Without OTEL_EXPORTER_OTLP_ENDPOINT traces have ids (for logs and problems) and go
 * nowhere.
 */
export async function configure(service: string, environment: Environment): Promise<void> {
  const exports = environment["OTEL_EXPORTER_OTLP_ENDPOINT"] ? [await exporting()] : [];
  provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    sampler: sampler(environment),
    spanProcessors: exports,
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
}

/** Sends what is still to be sent, for a short while at most. */
export async function close(): Promise<void> {
  const closing = provider?.shutdown().catch(() => undefined);
  await Promise.race([closing, new Promise((done) => setTimeout(done, CLOSE_MS).unref())]);
}

/** Runs the work in a span of its own. carried: the trace context that came with a call or a fact. */
export async function inSpan<Result>(
  name: string,
  kind: SpanKind,
  carried: Readonly<Record<string, string>>,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const parent = Object.keys(carried).length > 0 ? extract(carried) : context.active();
  return trace.getTracer("coursemesh.chassis").startActiveSpan(name, { kind }, parent, async (span) => {
    try {
      return await work(span);
    } finally {
      span.end();
    }
  });
}

export function extract(carrier: Readonly<Record<string, string>>): Context {
  return propagation.extract(ROOT_CONTEXT, carrier);
}

/** The current trace context, as headers to send on. */
export function inject(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** The current trace's id, 32 hexadecimal digits; empty outside a trace. */
export function traceId(): string {
  return trace.getActiveSpan()?.spanContext().traceId ?? "";
}

async function exporting(): Promise<SpanProcessor> {
  // Imported only where it is used: it costs memory.
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc");
  return new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ timeoutMillis: 5_000 }) });
}

/** As the standard variables OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say; every trace without them. */
function sampler(environment: Environment): Sampler {
  const name = environment["OTEL_TRACES_SAMPLER"] ?? "parentbased_always_on";
  const root = rootSampler(name.replace("parentbased_", ""), Number(environment["OTEL_TRACES_SAMPLER_ARG"] ?? "1"));
  return name.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, share: number): Sampler {
  if (name === "always_off") return new AlwaysOffSampler();
  if (name === "traceidratio" && Number.isFinite(share)) return new TraceIdRatioBasedSampler(share);
  return new AlwaysOnSampler();
}
