package chassis

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// ErrMalformed is a message on a stream that is not a fact of ours, or that nobody here understands.
var ErrMalformed = errors.New("malformed fact")

// Fact is something that happened. Subject is the id of the aggregate it happened to.
type Fact struct {
	ID      string
	Type    string
	Source  string
	Subject string
	Time    time.Time
	Data    proto.Message
	Trace   propagation.MapCarrier
}

// ParseFact is the fact in a message from a stream: a protobuf message as the body, CloudEvents 1.0 (NATS binding) in
// the headers. Anything else is ErrMalformed.
func ParseFact(headers nats.Header, body []byte) (Fact, error) {
	fact := Fact{
		ID: headers.Get("ce-id"), Type: headers.Get("ce-type"), Source: headers.Get("ce-source"),
		Subject: headers.Get("ce-subject"), Trace: propagation.MapCarrier{},
	}
	for _, name := range []string{"ce-type", "ce-time", "ce-id", "ce-source", "ce-subject"} {
		if len(headers.Values(name)) == 0 {
			return Fact{}, fmt.Errorf("%w: it has no %s", ErrMalformed, name)
		}
	}
	when, err := time.Parse(time.RFC3339Nano, headers.Get("ce-time"))
	if err != nil {
		return Fact{}, fmt.Errorf("%w: its time cannot be read", ErrMalformed)
	}
	fact.Time = when.UTC()
	for _, name := range []string{"traceparent", "tracestate"} {
		if value := headers.Get(name); value != "" {
			fact.Trace[name] = value
		}
	}
	fact.Data, err = decoded(fact.Type, body)
	return fact, err
}

// StreamOf is the stream that carries a fact: `PAYMENT` for coursemesh.payment.v1.*. There is one for each service.
func StreamOf(fact protoreflect.FullName) string {
	return strings.ToUpper(strings.Split(string(fact), ".")[1])
}

func decoded(name string, body []byte) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, fmt.Errorf("%w: its type is not known: %.100s", ErrMalformed, name)
	}
	message := kind.New().Interface()
	if err := proto.Unmarshal(body, message); err != nil {
		return nil, fmt.Errorf("%w: its body is no %s", ErrMalformed, name)
	}
	return message, nil
}
