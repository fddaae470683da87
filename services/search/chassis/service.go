package chassis

import (
	"context"
	"fmt"
	"log/slog"
	"os/signal"
	"syscall"
	"time"
)

// Run serves until SIGTERM or SIGINT, or until the server fails; then it says NOT_SERVING and lets what runs end within
// the grace. What the service opened is for its main to close, after that.
func Run(server *Server, dependencies map[string]Dependency, grace time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	server.prepare()
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	following, unfollow := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() {
		server.Follow(following, dependencies)
		close(followed)
	}()
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	slog.Info("stopping")
	unfollow()
	<-followed
	server.Stop(grace)
	if err != nil {
		return fmt.Errorf("the server ended: %w", err)
	}
	return nil
}
