package chassis

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
)

const (
	largestRequest = 4 * 1024 * 1024
	// How often the dependencies are asked whether they are there: while all are, and while one is missed.
	askEvery       = time.Second
	askMissedEvery = 100 * time.Millisecond
	// How long those that watch the health have to hear that the server stops, before their streams end.
	lastWords = 100 * time.Millisecond
)

// Dependency says whether something that the service needs is there, without waiting.
type Dependency func() bool

// Server serves one service at an address, with health that follows the dependencies, and reflection.
type Server struct {
	GRPC *grpc.Server

	health   *health.Server
	stopping context.Context
	hangUp   context.CancelFunc
	listener net.Listener
}

// NewServer listens at host:port; port 0 takes a free one. access: what each method asks of its caller, by full name.
func NewServer(listen string, tokens *Tokens, access map[string]Access) (*Server, error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: is another program using the port? (%w)", listen, err)
	}
	guard := &guard{tokens: tokens, access: access}
	stopping, hangUp := context.WithCancel(context.Background())
	made := grpc.NewServer(
		grpc.MaxRecvMsgSize(largestRequest),
		grpc.MaxConcurrentStreams(1_000),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute}),
		// Clients may ping, as ours do, without being taken for a flood.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.UnaryInterceptor(guard.unary),
		grpc.StreamInterceptor(stream(stopping)),
	)
	server := &Server{GRPC: made, health: health.NewServer(), stopping: stopping, hangUp: hangUp, listener: listener}
	server.health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	healthv1.RegisterHealthServer(made, server.health)
	return server, nil
}

// Address is where the server listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// prepare comes before Serve and Follow, once every service is registered.
func (s *Server) prepare() {
	reflection.Register(s.GRPC) // v1 and v1alpha
	s.report(healthv1.HealthCheckResponse_NOT_SERVING)
}

// Serve serves until the server is stopped.
func (s *Server) Serve() error {
	slog.Info("listening", "address", s.Address())
	return s.GRPC.Serve(s.listener)
}

// Follow reports SERVING while every dependency is there, until the context ends.
func (s *Server) Follow(ctx context.Context, dependencies map[string]Dependency) {
	var before []string
	for first := true; ctx.Err() == nil; first = false {
		missing := missed(dependencies)
		if first || !slices.Equal(missing, before) {
			s.tell(missing)
		}
		before = missing
		pause := askEvery
		if len(missing) > 0 {
			pause = askMissedEvery
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func missed(dependencies map[string]Dependency) []string {
	missing := []string{}
	for name, there := range dependencies {
		if !there() {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}

func (s *Server) tell(missing []string) {
	status, level := healthv1.HealthCheckResponse_SERVING, slog.LevelInfo
	if len(missing) > 0 {
		status, level = healthv1.HealthCheckResponse_NOT_SERVING, slog.LevelWarn
	}
	s.report(status)
	slog.Log(context.Background(), level, "health", "missing", missing)
}

// Stop says NOT_SERVING, takes nothing new, and lets what runs end within the grace.
func (s *Server) Stop(grace time.Duration) {
	s.health.Shutdown()
	done := make(chan struct{})
	go func() {
		s.GRPC.GracefulStop()
		close(done)
	}()
	hangUp := time.AfterFunc(lastWords, s.hangUp)
	defer hangUp.Stop()
	select {
	case <-done:
	case <-time.After(grace):
		s.GRPC.Stop()
		<-done
	}
}

func (s *Server) report(status healthv1.HealthCheckResponse_ServingStatus) {
	s.health.SetServingStatus("", status)
	for name := range s.GRPC.GetServiceInfo() {
		if !infrastructure("/" + name) {
			s.health.SetServingStatus(name, status)
		}
	}
}
