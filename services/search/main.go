// Command search is the search service's process.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
	userv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/user/v1"
	"github.com/coursemesh/coursemesh/services/search/chassis"
	"github.com/coursemesh/coursemesh/services/search/handlers"
	"github.com/coursemesh/coursemesh/services/search/index"
	"github.com/coursemesh/coursemesh/services/search/servicer"
	"github.com/coursemesh/coursemesh/services/search/usecases"
)

// settings are what the service reads from the environment.
//
// listen: host:port; port 0 takes a free one. natsURL: with credentials. userAddress: host:port of the user service, for
// the keys that verify tokens. dataDir: where the index is; of this replica alone.
type settings struct {
	listen, natsURL, userAddress, dataDir string
	rebuildOnStart, retries               bool
	drain                                 time.Duration
}

func read(from *chassis.Settings) settings {
	return settings{
		listen:         from.Needed("LISTEN"),
		natsURL:        from.Needed("NATS_URL"),
		userAddress:    from.Needed("USER_ADDRESS"),
		dataDir:        from.Needed("DATA_DIR"),
		rebuildOnStart: from.Flag("REBUILD_ON_START", false),
		retries:        from.Flag("CLIENT_RETRIES", true),
		drain:          from.Seconds("DRAIN_SECONDS", 10*time.Second),
	}
}

func main() {
	from := chassis.NewSettings(os.LookupEnv)
	env := read(from)
	level := from.Text("LOG_LEVEL", "INFO")
	if !chassis.ConfigureLogs(os.Stderr, "search", level) {
		from.Problem("LOG_LEVEL", "is none of DEBUG, INFO, WARNING, ERROR and CRITICAL")
	}
	if problems := from.Problems(); problems != "" {
		fmt.Fprintln(os.Stderr, problems)
		os.Exit(2)
	}
	// The index is in files that the system keeps in memory as long as there is room; the heap need not grow before it is
	// collected as it would by default.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if err := run(env); err != nil {
		fmt.Fprintf(os.Stderr, "search: %s\n", err)
		os.Exit(1)
	}
}

func run(env settings) (err error) {
	flush, err := chassis.ConfigureTelemetry("search")
	if err != nil {
		return err
	}
	defer flush()
	shelf, err := index.OpenShelf(env.dataDir)
	if err != nil {
		return fmt.Errorf("cannot use DATA_DIR: %w", err)
	}
	defer func() { err = errors.Join(err, shelf.Release()) }()
	users, err := chassis.Connect(
		"search", env.userAddress, userv1.File_coursemesh_user_v1_user_service_proto.Services().Get(0), env.retries)
	if err != nil {
		return fmt.Errorf("cannot use USER_ADDRESS: %w", err)
	}
	defer users.Close()
	tokens := chassis.NewTokens(chassis.NewRemoteKeys(userv1.NewUserServiceClient(users)))
	server, err := chassis.NewServer(env.listen, tokens, servicer.Access)
	if err != nil {
		return err
	}
	bus, err := chassis.OpenBus(env.natsURL, "search")
	if err != nil {
		return err
	}
	defer bus.Close()
	return serve(env, server, bus, shelf)
}

func serve(env settings, server *chassis.Server, bus *chassis.Bus, shelf *index.Shelf) error {
	editions, err := usecases.Open(shelf, handlers.Feed{Bus: bus})
	if err != nil {
		return fmt.Errorf("cannot use DATA_DIR: %w", err)
	}
	if env.rebuildOnStart {
		err = editions.Rebuild("")
	}
	searchv1.RegisterSearchServiceServer(server.GRPC, &servicer.Servicer{Editions: editions})
	served := chassis.Run(server, map[string]chassis.Dependency{"broker": bus.Connected, "index": editions.Ready}, env.drain)
	err = errors.Join(err, served, editions.Close())
	slog.Info("stopped")
	return err
}
