package chassis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

const method = "/coursemesh.notes.v1.NoteService/Read"

// served is what a caller and the log see of a call.
func served(t *testing.T, ctx context.Context, serve grpc.UnaryHandler) (*status.Status, map[string]any) {
	t.Helper()
	flush, err := ConfigureTelemetry("notes")
	if err != nil {
		t.Fatal(err)
	}
	defer flush()
	var lines bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	ConfigureLogs(&lines, "notes", "INFO")
	guard := &guard{tokens: NewTokens(newSigner(t)), access: map[string]Access{method: Public}}
	_, err = guard.unary(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, serve)
	texts := strings.Split(strings.TrimSpace(lines.String()), "\n")
	var last map[string]any
	if err := json.Unmarshal([]byte(texts[len(texts)-1]), &last); err != nil {
		t.Fatalf("%s: %v", texts, err)
	}
	return status.Convert(err), last
}

func detail[Kind any](t *testing.T, of *status.Status) Kind {
	t.Helper()
	for _, each := range of.Details() {
		if found, ok := each.(Kind); ok {
			return found
		}
	}
	t.Fatalf("%v has no such detail", of)
	panic("unreachable")
}

func TestNothingOfAnUnexpectedErrorIsShown(t *testing.T) {
	for name, serve := range map[string]grpc.UnaryHandler{
		"an error": func(context.Context, any) (any, error) { return nil, errors.New("secret at 10.0.0.1") },
		"a panic":  func(context.Context, any) (any, error) { panic("secret at 10.0.0.1") },
		"a status": func(context.Context, any) (any, error) { return nil, status.Error(codes.NotFound, "secret") },
	} {
		told, line := served(t, t.Context(), serve)
		if told.Code() != codes.Internal || strings.Contains(told.String(), "secret") {
			t.Errorf("%s: %v", name, told)
		}
		trace := detail[*errdetails.ErrorInfo](t, told).GetMetadata()["trace_id"]
		if len(trace) != 32 || line["trace_id"] != trace || line["code"] != "INTERNAL" {
			t.Errorf("%s: trace %q, %v", name, trace, line)
		}
	}
}

func TestARefusalIsToldInFull(t *testing.T) {
	var checks refusals.Checks
	checks.That(false, "query", "too long")
	checks.That(false, "tags", "too many")
	told, _ := served(t, t.Context(), func(context.Context, any) (any, error) { return nil, checks.Refusal() })
	info, bad := detail[*errdetails.ErrorInfo](t, told), detail[*errdetails.BadRequest](t, told)
	if told.Code() != codes.InvalidArgument || info.GetReason() != "INVALID_INPUT" || info.GetDomain() != Domain ||
		len(bad.GetFieldViolations()) != 2 || told.Message() != "query: too long; tags: too many" {
		t.Errorf("%v %v", told, told.Details())
	}
	busy := refusals.New(refusals.ResourceExhausted, "TOO_BUSY", "later", "why", "load").Retry(1500 * time.Millisecond)
	told, _ = served(t, t.Context(), func(context.Context, any) (any, error) { return nil, busy })
	if detail[*errdetails.RetryInfo](t, told).GetRetryDelay().AsDuration() != 1500*time.Millisecond ||
		detail[*errdetails.ErrorInfo](t, told).GetMetadata()["why"] != "load" || told.Code() != codes.ResourceExhausted {
		t.Errorf("%v", told)
	}
}

func TestADeadlineThatPassesIsToldAsSuch(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	told, line := served(t, ctx, func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if told.Code() != codes.DeadlineExceeded || detail[*errdetails.ErrorInfo](t, told).GetReason() != "DEADLINE_PASSED" ||
		line["code"] != "DEADLINE_EXCEEDED" {
		t.Errorf("%v %v", told, line)
	}
}

func TestACallWithoutADeadlineGetsOne(t *testing.T) {
	told, line := served(t, t.Context(), func(ctx context.Context, _ any) (any, error) {
		if end, set := ctx.Deadline(); !set || time.Until(end) > defaultDeadline {
			return nil, errors.New("no deadline")
		}
		return "answer", nil
	})
	if told.Code() != codes.OK || line["code"] != "OK" || line["method"] != method || line["service"] != "notes" {
		t.Errorf("%v %v", told, line)
	}
}

func TestACallGoesOnInItsCallersTrace(t *testing.T) {
	trace := "4bf92f3577b34da6a3ce929d0e0e4736"
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(
		"traceparent", "00-"+trace+"-00f067aa0ba902b7-01", callerService, "gateway"))
	_, line := served(t, ctx, func(context.Context, any) (any, error) { return nil, nil })
	if line["trace_id"] != trace || line["from"] != "gateway" || line["level"] != "INFO" || line["message"] != "served" {
		t.Errorf("%v", line)
	}
	if when, _ := line["time"].(string); len(when) != len("2026-05-01T08:00:00.000+00:00") {
		t.Errorf("%q", when)
	}
}

func TestAMethodThatIsNotInTheTableAsksForAToken(t *testing.T) {
	guard := &guard{tokens: NewTokens(newSigner(t))}
	_, err := guard.unary(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: method},
		func(context.Context, any) (any, error) { return "open", nil })
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("%v", err)
	}
}

func TestTooManyCallsAtOnceAreRefused(t *testing.T) {
	guard := &guard{tokens: NewTokens(newSigner(t)), access: map[string]Access{method: Public}}
	guard.calls.Store(mostCalls)
	_, err := guard.unary(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: method},
		func(context.Context, any) (any, error) { return nil, nil })
	if status.Code(err) != codes.ResourceExhausted || guard.calls.Load() != mostCalls {
		t.Errorf("%v, %d", err, guard.calls.Load())
	}
}
