package chassis

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	coursev1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/course/v1"
	_ "github.com/coursemesh/coursemesh/gen/go/coursemesh/enrollment/v1"
)

func headers(fact string) nats.Header {
	return nats.Header{
		"ce-specversion": {"1.0"}, "ce-id": {"0190"}, "ce-type": {fact}, "ce-source": {"/coursemesh/course"},
		"ce-subject": {"0191"}, "ce-time": {"2026-05-01T08:00:00.123456Z"},
		"traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
	}
}

func TestWhatIsNoFactIsSaidToBeNone(t *testing.T) {
	const published = "coursemesh.course.v1.CoursePublished"
	good := headers(published)
	if fact, err := ParseFact(good, nil); err != nil || fact.Trace["traceparent"] == "" || fact.Time.Nanosecond() == 0 {
		t.Fatalf("%+v, %v", fact, err)
	}
	for name, change := range map[string]func(nats.Header){
		"no id":           func(h nats.Header) { h.Del("ce-id") },
		"no type":         func(h nats.Header) { h.Del("ce-type") },
		"no subject":      func(h nats.Header) { h.Del("ce-subject") },
		"an unknown type": func(h nats.Header) { h.Set("ce-type", "coursemesh.course.v1.Nothing") },
		"no time":         func(h nats.Header) { h.Set("ce-time", "yesterday") },
	} {
		changed := headers(published)
		change(changed)
		if _, err := ParseFact(changed, nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseFact(good, []byte("\xff\xff")); !errors.Is(err, ErrMalformed) {
		t.Errorf("%v", err)
	}
	if _, err := ParseFact(nil, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("%v", err)
	}
}

func TestAStreamIsNamedAfterItsService(t *testing.T) {
	if got := StreamOf((&coursev1.CoursePublished{}).ProtoReflect().Descriptor().FullName()); got != "COURSE" {
		t.Errorf("%s", got)
	}
}

func TestGoldenFactsSayWhatTheySaid(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "tests", "contract", "golden")
	for _, service := range []string{"course", "enrollment"} {
		found, err := filepath.Glob(filepath.Join(folder, "coursemesh."+service+".v1.*.binpb"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no golden facts of %s: %v", service, err)
		}
		for _, path := range found {
			saidInJSON(t, path)
		}
	}
}

func saidInJSON(t *testing.T, path string) {
	name := strings.TrimSuffix(filepath.Base(path), ".binpb")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fact, err := ParseFact(headers(name), body)
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(strings.TrimSuffix(path, ".binpb") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	said := fact.Data.ProtoReflect().New().Interface()
	if err := protojson.Unmarshal(told, said); err != nil || !proto.Equal(said, fact.Data) {
		t.Errorf("%s says %v, not %v (%v)", name, fact.Data, said, err)
	}
}
