package chassis

import (
	"context"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"
)

// inflow gives the messages of a consumer many at a time.
type inflow struct {
	messages chan jetstream.Msg
	broke    chan error
	stopped  chan struct{}
}

func newInflow(from jetstream.MessagesContext) *inflow {
	made := &inflow{make(chan jetstream.Msg, batch), make(chan error, 1), make(chan struct{})}
	go made.run(from)
	return made
}

func (i *inflow) run(from jetstream.MessagesContext) {
	for {
		message, err := from.Next()
		if err != nil {
			i.broke <- err
			return
		}
		select {
		case i.messages <- message:
		case <-i.stopped:
			return
		}
	}
}

func (i *inflow) stop() { close(i.stopped) }

// gather are the messages that are there, at least one. It waits for that one: the broker's silence is an error, so that
// it waits no longer than two heartbeats for nothing.
func (i *inflow) gather(ctx context.Context, most int) ([]jetstream.Msg, error) {
	var gathered []jetstream.Msg
	select {
	case message := <-i.messages:
		gathered = append(gathered, message)
	case err := <-i.broke:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for len(gathered) < most {
		select {
		case message := <-i.messages:
			gathered = append(gathered, message)
		default:
			return gathered, nil
		}
	}
	return gathered, nil
}

// handling is the taking in of some facts, in the trace of each. told: a line for each in the log, which is for news and
// not for what is read once more.
type handling struct {
	stream string
	told   bool
	facts  []Fact
	spans  []trace.Span
	traces []context.Context
}

func (h *handling) begin(fact Fact) {
	ctx, span := tracer().Start(propagator.Extract(context.Background(), fact.Trace), "handle "+fact.Type,
		trace.WithSpanKind(trace.SpanKindConsumer))
	h.facts, h.spans, h.traces = append(h.facts, fact), append(h.spans, span), append(h.traces, ctx)
}

func (h *handling) done() {
	if !h.told {
		slog.Info("caught up on facts", "stream", h.stream, "count", len(h.facts))
		return
	}
	for i, fact := range h.facts {
		slog.InfoContext(h.traces[i], "handled", "fact", fact.Type, "id", fact.ID)
	}
}

func (h *handling) end() {
	for _, span := range h.spans {
		span.End()
	}
}
