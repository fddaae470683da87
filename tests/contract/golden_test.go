// Facts that were published once are read for ever, in Go as in every language.
package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/coursemesh/coursemesh/gen/go/coursemesh/course/v1"
	_ "github.com/coursemesh/coursemesh/gen/go/coursemesh/enrollment/v1"
	_ "github.com/coursemesh/coursemesh/gen/go/coursemesh/notification/v1"
	_ "github.com/coursemesh/coursemesh/gen/go/coursemesh/payment/v1"
	_ "github.com/coursemesh/coursemesh/gen/go/coursemesh/user/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

func TestGoldenBytesSayWhatTheySaid(t *testing.T) {
	files, err := filepath.Glob("golden/*.binpb")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden facts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".binpb")
		t.Run(name, func(t *testing.T) { golden(t, file, name) })
	}
}

func golden(t *testing.T, file, name string) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(strings.TrimSuffix(file, ".binpb") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	decoded, expected := kind.New().Interface(), kind.New().Interface()
	if err := proto.Unmarshal(raw, decoded); err != nil {
		t.Fatal(err)
	}
	if err := protojson.Unmarshal(told, expected); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(decoded, expected) {
		t.Errorf("%v\nis not what was told: %v", decoded, expected)
	}
	if len(decoded.ProtoReflect().GetUnknown()) > 0 {
		t.Error("there are fields that nobody here knows")
	}
}
