package chassis

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

const (
	// What a call gets when its caller set no deadline.
	defaultDeadline = 10 * time.Second
	// How many calls are served at once.
	mostCalls = 2_000
	// The name of the calling service, for the access log of the called one.
	callerService = "x-caller-service"
)

// Ours to mend; any other code is the caller's.
var faults = map[codes.Code]bool{
	codes.Internal: true, codes.Unknown: true, codes.Unavailable: true, codes.DeadlineExceeded: true,
	codes.DataLoss: true, codes.Unimplemented: true,
}

// guard stands around every method of the service's own: trace, identity, deadline, errors, access log.
type guard struct {
	tokens *Tokens
	access map[string]Access // by the full name of the method; SignedIn for those that are not there
	calls  atomic.Int64
}

func (g *guard) unary(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, serve grpc.UnaryHandler,
) (answer any, err error) {
	if infrastructure(info.FullMethod) {
		return g.caught(ctx, request, serve)
	}
	started := time.Now()
	incoming, _ := metadata.FromIncomingContext(ctx)
	method := strings.TrimPrefix(info.FullMethod, "/")
	ctx = propagator.Extract(ctx, carrier(incoming))
	ctx, span := tracer().Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("rpc.system", "grpc")))
	defer span.End()
	answer, err = g.admitted(ctx, request, info.FullMethod, carrier(incoming), serve)
	result := codes.OK
	if err != nil {
		refused := ToStatus(ctx, err)
		if result = refused.Code(); faults[result] {
			span.SetStatus(otelcodes.Error, "")
			span.RecordError(err)
		}
		answer, err = nil, refused.Err()
	}
	slog.InfoContext(ctx, "served", "method", info.FullMethod, "code", codeName(result), "ms", milliseconds(started),
		"from", carrier(incoming).Get(callerService))
	return answer, err
}

// admitted serves the request if its caller may ask it, within the caller's deadline.
func (g *guard) admitted(
	ctx context.Context, request any, method string, incoming carrier, serve grpc.UnaryHandler,
) (any, error) {
	defer g.calls.Add(-1)
	if g.calls.Add(1) > mostCalls {
		return nil, refusals.New(refusals.ResourceExhausted, "TOO_BUSY", "too many calls at once; try again").
			Retry(time.Second)
	}
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultDeadline)
		defer cancel()
	}
	access, told := g.access[method]
	if !told {
		access = SignedIn
	}
	caller, err := access(ctx, incoming.Get("authorization"), g.tokens)
	if err != nil {
		return nil, err
	}
	return g.caught(context.WithValue(ctx, callerKey{}, caller), request, serve)
}

// caught turns a panic into an error: it ends one call and not the process.
func (g *guard) caught(ctx context.Context, request any, serve grpc.UnaryHandler) (answer any, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			slog.ErrorContext(ctx, "panic", "stack", string(debug.Stack()))
			answer, err = nil, fmt.Errorf("panic: %v", panicked)
		}
	}()
	return serve(ctx, request)
}

// stream stands around health and reflection, whose streams end when the server stops.
func stream(stopping context.Context) grpc.StreamServerInterceptor {
	return func(service any, opened grpc.ServerStream, _ *grpc.StreamServerInfo, serve grpc.StreamHandler) error {
		ctx, cancel := context.WithCancel(opened.Context())
		defer cancel()
		defer context.AfterFunc(stopping, cancel)()
		return serve(service, ended{opened, ctx})
	}
}

type ended struct {
	grpc.ServerStream
	ctx context.Context
}

func (e ended) Context() context.Context { return e.ctx }

// infrastructure says whether a method is one of health or reflection, which are open to anybody and not logged.
func infrastructure(method string) bool { return strings.HasPrefix(method, "/grpc.") }

// codeName is a gRPC code as it is written everywhere: `NOT_FOUND`.
func codeName(result codes.Code) string { return code.Code_name[int32(result)] }
