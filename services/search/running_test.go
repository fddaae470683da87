package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
)

// service is the search service as a process.
type service struct {
	t       *testing.T
	process *exec.Cmd
	logs    *lines
	exited  chan error

	searchv1.SearchServiceClient
	health     grpc_health_v1.HealthClient
	connection *grpc.ClientConn
}

type lines struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *lines) Write(text []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(text)
}

func (l *lines) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// starting is the process without waiting for more than its address.
func starting(t *testing.T, broker *broker, users *users, dir string, more ...string) *service {
	t.Helper()
	made := &service{t: t, logs: &lines{}, exited: make(chan error, 1)}
	made.process = exec.Command(program)
	made.process.Env = append([]string{
		"LISTEN=127.0.0.1:0", "NATS_URL=" + broker.url(), "USER_ADDRESS=" + users.address, "DATA_DIR=" + dir,
	}, more...)
	made.process.Stderr = made.logs
	if err := made.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { made.exited <- made.process.Wait() }()
	t.Cleanup(made.kill)
	t.Cleanup(made.explain)
	address := ""
	eventually(t, "the service listens", func() bool {
		address = made.said("listening", "address")
		return address != ""
	})
	var err error
	made.connection, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.connection.Close() })
	made.SearchServiceClient = searchv1.NewSearchServiceClient(made.connection)
	made.health = grpc_health_v1.NewHealthClient(made.connection)
	return made
}

func started(t *testing.T, broker *broker, users *users, dir string, more ...string) *service {
	t.Helper()
	made := starting(t, broker, users, dir, more...)
	eventually(t, "the service is healthy", made.serving)
	return made
}

// explain shows the log of a test that failed.
func (s *service) explain() {
	if s.t.Failed() {
		s.t.Log(s.logs)
	}
}

func (s *service) serving() bool {
	answer, err := s.health.Check(s.t.Context(), &grpc_health_v1.HealthCheckRequest{})
	return err == nil && answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
}

// said is a field of the last line with this message; empty when there is none.
func (s *service) said(message, field string) string {
	found := ""
	for line := range strings.Lines(s.logs.String()) {
		var told map[string]any
		if json.Unmarshal([]byte(line), &told) == nil && told["message"] == message {
			found, _ = told[field].(string)
		}
	}
	return found
}

func (s *service) kill() {
	_ = s.process.Process.Kill()
	select {
	case err := <-s.exited:
		s.exited <- err
	case <-time.After(patience):
	}
}

// terminate asks the process to stop, and says how it ended.
func (s *service) terminate() error {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case err := <-s.exited:
		s.exited <- err
		return err
	case <-time.After(patience):
		s.t.Fatalf("it does not stop: %s", s.logs)
		return nil
	}
}

func (s *service) status() *searchv1.IndexStatus {
	s.t.Helper()
	answer, err := s.GetIndexStatus(s.t.Context(), &searchv1.GetIndexStatusRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.GetStatus()
}

func (s *service) titles(query string) []string {
	s.t.Helper()
	answer, err := s.Search(s.t.Context(), &searchv1.SearchRequest{Query: query, PageSize: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	titles := []string{}
	for _, hit := range answer.GetHits() {
		titles = append(titles, hit.GetCourse().GetTitle())
	}
	return titles
}
