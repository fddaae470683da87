package chassis

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// ConfigureLogs sends every log of the process to w: one JSON object a line, with the service and, in a context that has
// one, the trace. It says whether there is such a level.
func ConfigureLogs(w io.Writer, service, level string) bool {
	least, known := levels[strings.ToUpper(level)]
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least, ReplaceAttr: field})
	slog.SetDefault(slog.New(traced{handler.WithAttrs([]slog.Attr{slog.String("service", service)})}))
	return known
}

var levels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARNING": slog.LevelWarn, "ERROR": slog.LevelError,
	"CRITICAL": slog.LevelError + 4,
}

// field gives the standard fields the names and forms that they have in every service.
func field(groups []string, attribute slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return attribute
	}
	switch attribute.Key {
	case slog.TimeKey:
		return slog.String("time", attribute.Value.Time().UTC().Format("2006-01-02T15:04:05.000-07:00"))
	case slog.MessageKey:
		attribute.Key = "message"
	case slog.LevelKey:
		if attribute.Value.Any() == slog.LevelWarn {
			return slog.String("level", "WARNING")
		}
	}
	return attribute
}

// traced adds the id of the trace that a line belongs to.
type traced struct{ slog.Handler }

func (t traced) Handle(ctx context.Context, record slog.Record) error {
	if id := TraceID(ctx); id != "" {
		record.AddAttrs(slog.String("trace_id", id))
	}
	return t.Handler.Handle(ctx, record)
}

func (t traced) WithAttrs(attributes []slog.Attr) slog.Handler {
	return traced{t.Handler.WithAttrs(attributes)}
}

func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name)} }

// TraceID is the id of the current trace, 32 hexadecimal digits; empty outside a trace.
func TraceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		return span.TraceID().String()
	}
	return ""
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since).Microseconds()/10) / 100
}
