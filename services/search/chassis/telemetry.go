package chassis

import (
	"context"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
)

var propagator = propagation.TraceContext{}

// How long the last traces may take to be sent at the end.
const traceFlush = 5 * time.Second

func tracer() trace.Tracer { return otel.Tracer("coursemesh.chassis") }

// ConfigureTelemetry starts tracing for the process. The SDK reads the standard OTEL_* variables; without
// OTEL_EXPORTER_OTLP_ENDPOINT traces have ids (for logs and problems) and go nowhere. The function that is returned
// sends what is still to be sent.
func ConfigureTelemetry(service string) (func(), error) {
	described := attribute.String("service.name", service)
	about, err := resource.New(context.Background(), resource.WithFromEnv(), resource.WithAttributes(described))
	if err != nil {
		return nil, err
	}
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(about)}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" {
		exporter, err := otlptracegrpc.New(context.Background(), otlptracegrpc.WithTimeout(traceFlush))
		if err != nil {
			return nil, err
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	provider := sdktrace.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), traceFlush)
		defer cancel()
		_ = provider.Shutdown(ctx)
	}, nil
}

// carrier reads and writes trace context in the metadata of a call.
type carrier metadata.MD

func (c carrier) Get(key string) string {
	if values := metadata.MD(c).Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}

func (c carrier) Set(key, value string) { metadata.MD(c).Set(key, value) }

func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}
