"""Traces: OpenTelemetry, W3C trace context in and out, OTLP when an endpoint is set."""

import os
from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()

tracer = trace.get_tracer("coursemesh.chassis")


def configure(service: str) -> None:
    """Starts tracing for the process. The SDK reads the standard OTEL_* variables; without OTEL_EXPORTER_OTLP_ENDPOINT
    traces have ids (for logs and problems) and go nowhere."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        # Imported only where it is used: it costs 20 MB.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=5)))
    trace.set_tracer_provider(provider)


def close() -> None:
    """Sends what is still to be sent, for at most the exporter's own timeout."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def extract(carrier: Mapping[str, str]) -> Context:
    """The trace context that came with a call or a fact."""
    return _PROPAGATOR.extract(carrier)


def inject() -> dict[str, str]:
    """The current trace context, as headers to send on."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier


def trace_id() -> str:
    """The current trace's id, 32 hexadecimal digits; empty outside a trace."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""
