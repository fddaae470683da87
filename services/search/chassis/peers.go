package chassis

import (
	"context"
	"encoding/json"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Connect is a channel to another service. Calls carry the trace and the caller's deadline, and are repeated only where
// the contract says that they may be. retries: off where a mesh retries already, since retries live in one layer.
func Connect(
	service, address string, peer protoreflect.ServiceDescriptor, retries bool,
) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig(peer, retries)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithUnaryInterceptor(carry(service)),
	)
}

func carry(service string) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, request, answer any, on *grpc.ClientConn, call grpc.UnaryInvoker,
		options ...grpc.CallOption,
	) error {
		ctx, span := tracer().Start(ctx, method[1:], trace.WithSpanKind(trace.SpanKindClient))
		defer span.End()
		sent := metadata.Pairs(callerService, service)
		propagator.Inject(ctx, carrier(sent))
		return call(metadata.NewOutgoingContext(ctx, sent), method, request, answer, on, options...)
	}
}

type methodName struct {
	Service string `json:"service"`
	Method  string `json:"method"`
}

func serviceConfig(peer protoreflect.ServiceDescriptor, retries bool) string {
	config := map[string]any{"loadBalancingConfig": []any{map[string]any{"round_robin": map[string]any{}}}}
	if names := repeatable(peer); retries && len(names) > 0 {
		config["methodConfig"] = []any{map[string]any{"name": names, "retryPolicy": map[string]any{
			"maxAttempts": 4, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 3,
			// A server that is stopping cancels what reaches it too late.
			"retryableStatusCodes": []string{"UNAVAILABLE", "CANCELLED"},
		}}}
	}
	written, err := json.Marshal(config)
	if err != nil {
		panic(err) // of maps and texts: cannot be
	}
	return string(written)
}

// repeatable are the methods that the contract says may be repeated.
func repeatable(peer protoreflect.ServiceDescriptor) []methodName {
	var names []methodName
	for i := range peer.Methods().Len() {
		method := peer.Methods().Get(i)
		options, _ := method.Options().(*descriptorpb.MethodOptions)
		if options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN {
			names = append(names, methodName{string(peer.FullName()), string(method.Name())})
		}
	}
	return names
}
