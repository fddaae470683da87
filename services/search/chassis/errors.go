package chassis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

// Domain is that of every reason in an ErrorInfo.
const Domain = "coursemesh"

var codeOf = map[refusals.Code]codes.Code{
	refusals.InvalidArgument:   codes.InvalidArgument,
	refusals.Unauthenticated:   codes.Unauthenticated,
	refusals.PermissionDenied:  codes.PermissionDenied,
	refusals.ResourceExhausted: codes.ResourceExhausted,
	refusals.Unavailable:       codes.Unavailable,
}

// ToStatus is how what goes wrong in a servicer becomes a gRPC status, in one place. Nothing else of an error reaches a
// client.
//
//	a refusal                 its code, with ErrorInfo (reason, domain, metadata); for bad input BadRequest as well
//	a deadline that passed    DEADLINE_EXCEEDED
//	a caller that went away   CANCELLED, which nobody reads
//	anything else             INTERNAL and the trace id; the error goes to the log
func ToStatus(ctx context.Context, err error) *status.Status {
	var refusal *refusals.Refusal
	switch {
	case errors.As(err, &refusal):
		return refused(refusal)
	case errors.Is(err, context.DeadlineExceeded):
		return made(codes.DeadlineExceeded, "the deadline passed", "DEADLINE_PASSED", nil)
	case errors.Is(err, context.Canceled):
		return status.New(codes.Canceled, "the caller is gone")
	}
	trace := TraceID(ctx)
	slog.ErrorContext(ctx, "unexpected error", "error", err.Error())
	return made(codes.Internal, "internal error, trace "+trace, "INTERNAL_ERROR", map[string]string{"trace_id": trace})
}

func refused(refusal *refusals.Refusal) *status.Status {
	var details []protoadapt.MessageV1
	if len(refusal.Violations) > 0 {
		bad := &errdetails.BadRequest{}
		for _, each := range refusal.Violations {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: each.Field, Description: each.Problem,
			})
		}
		details = append(details, bad)
	}
	if refusal.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(refusal.RetryAfter)})
	}
	return made(codeOf[refusal.Code], refusal.Message, refusal.Reason, refusal.Metadata, details...)
}

func made(
	code codes.Code, message, reason string, metadata map[string]string, details ...protoadapt.MessageV1,
) *status.Status {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: Domain, Metadata: metadata}
	detailed, err := status.New(code, message).WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil {
		panic(fmt.Sprintf("a status of OK is no refusal: %s", reason))
	}
	return detailed
}
