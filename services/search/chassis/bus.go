package chassis

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus is one process' connection to NATS, made in the background and again and again: a broker may come late, and leave.
type Bus struct {
	connection *nats.Conn
	streams    jetstream.JetStream
	refused    atomic.Bool // whether it was told that the broker cannot be reached, which is told once each time
}

// How long the broker may take to answer a request.
const brokerTimeout = 5 * time.Second

// OpenBus begins to connect, and returns. url: with the credentials in it, which is why no error here tells it.
func OpenBus(url, name string) (*Bus, error) {
	bus := &Bus{}
	connection, err := nats.Connect(url,
		nats.Name(name),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(200*time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		nats.Timeout(2*time.Second),
		nats.PingInterval(10*time.Second),
		nats.MaxPingsOutstanding(2),
		nats.ReconnectBufSize(-1),       // while away nothing is stored for later
		nats.IgnoreAuthErrorAbort(),     // a password may be rotated here and there at different moments
		nats.DontRandomize(),            // in the order they are given
		nats.DisconnectErrHandler(lost), // the address in the error may carry credentials
		nats.ConnectHandler(func(*nats.Conn) { bus.found("the broker is there") }),
		nats.ReconnectHandler(func(*nats.Conn) { bus.found("the broker is back") }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { bus.missed(err) }),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	)
	if err != nil {
		return nil, errors.New("cannot use NATS_URL: give nats://user:password@host:port")
	}
	bus.connection = connection
	bus.streams, err = jetstream.New(connection, jetstream.WithDefaultTimeout(brokerTimeout))
	if err != nil {
		connection.Close()
		return nil, err
	}
	return bus, nil
}

// Connected says whether the broker is there.
func (b *Bus) Connected() bool { return b.connection.IsConnected() }

// Close ends the connection.
func (b *Bus) Close() { b.connection.Close() }

func (b *Bus) found(message string) {
	b.refused.Store(false)
	slog.Info(message)
}

func (b *Bus) missed(err error) {
	if b.refused.Swap(true) {
		return
	}
	if errors.Is(err, nats.ErrAuthorization) {
		slog.Warn("the broker refuses the credentials in NATS_URL")
		return
	}
	slog.Warn("the broker is not there")
}

func lost(connection *nats.Conn, _ error) {
	if !connection.IsClosed() {
		slog.Warn("the broker is away")
	}
}
