package chassis

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// How many facts are taken in at once, at most.
	batch = 512
	// How long a request for facts stands at the broker, how often the broker says that it does, and how long it keeps a
	// consumer that nobody asks.
	stands       = 20 * time.Second
	heartbeat    = time.Second
	unaskedAfter = 30 * time.Second
	// How long to wait before a following that broke is begun again.
	followAgain = 500 * time.Millisecond
)

var (
	errAstray = errors.New("the stream is another one than was read")
	errGap    = errors.New("a fact is missing from the sequence")
)

// Position is how far a stream was read, and when the stream was made.
type Position struct {
	Sequence uint64
	Born     time.Time
}

// Intake is what takes in the facts of one stream. Every replica reads all of them for itself, from the position it
// keeps with their effects. So there is no durable consumer to share and nothing to acknowledge; and no dead letter
// either, since a fact that one replica cannot read none can, and replaying it to a consumer would reach one of them:
// it is logged, counted and passed over, and read again when the index is built anew by a version that can.
type Intake struct {
	Stream string
	Facts  []protoreflect.FullName
	// From is the position to go on from.
	From func() (Position, error)
	// Read is what a fact says; an error means that nothing can be made of it.
	Read func(proto.Message) (any, error)
	// Take takes in what facts say, in their order, together with the position after them.
	Take func(said []any, at Position) error
}

// Follower follows one stream.
type Follower struct {
	bus    *Bus
	intake Intake

	caughtUp atomic.Bool
	astray   atomic.Bool
	skipped  atomic.Int64

	mutex    sync.Mutex // over what is below
	consumer jetstream.Consumer
	applied  uint64 // the consumer's own number of the last fact that was taken in
	lag      uint64
}

// NewFollower follows nothing before Run.
func NewFollower(bus *Bus, intake Intake) *Follower { return &Follower{bus: bus, intake: intake} }

// CaughtUp says whether everything that was in the stream when it was first reached has been taken in. A stream that is
// not there has nothing in it.
func (f *Follower) CaughtUp() bool { return f.caughtUp.Load() }

// Astray says whether the stream is another one than the position is of.
func (f *Follower) Astray() bool { return f.astray.Load() }

// Skipped is how many facts nothing could be made of, since the start.
func (f *Follower) Skipped() int64 { return f.skipped.Load() }

// Run follows until the context ends, through every absence of the broker, the stream or the store.
func (f *Follower) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := f.follow(ctx); err != nil && ctx.Err() == nil {
			slog.Debug("not following", "stream", f.intake.Stream, "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(followAgain):
		}
	}
}

// Lag is how many facts wait to be taken in; the last known number while the broker is away.
func (f *Follower) Lag(ctx context.Context) uint64 {
	f.mutex.Lock()
	consumer := f.consumer
	f.mutex.Unlock()
	if consumer == nil || !f.bus.Connected() {
		return f.lagNow(nil)
	}
	ctx, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	info, err := consumer.Info(ctx)
	if err != nil {
		info = nil
	}
	return f.lagNow(info)
}

func (f *Follower) lagNow(info *jetstream.ConsumerInfo) uint64 {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if info != nil {
		// What the broker has sent and is not taken in yet waits here.
		f.lag = info.NumPending + info.Delivered.Consumer - min(f.applied, info.Delivered.Consumer)
	}
	return f.lag
}

// follow binds to the stream and takes in facts until something breaks. It then begins again after the last position:
// in doubt that is always right, since what was taken in and the position commit together.
func (f *Follower) follow(ctx context.Context) error {
	at, err := f.intake.From()
	if err != nil {
		return err
	}
	at, err = f.place(ctx, at)
	if err != nil {
		return err
	}
	consumer, waiting, err := f.bind(ctx, at)
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(
		jetstream.PullMaxMessages(batch), jetstream.PullExpiry(stands), jetstream.PullHeartbeat(heartbeat))
	if err != nil {
		return err
	}
	defer messages.Stop()
	return f.consume(ctx, newInflow(messages), at, waiting)
}

// place is the position in the stream as it is now.
func (f *Follower) place(ctx context.Context, at Position) (Position, error) {
	ctx, cancel := context.WithTimeout(ctx, brokerTimeout)
	defer cancel()
	stream, err := f.bus.streams.Stream(ctx, f.intake.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		f.caughtUp.Store(true)
	}
	if err != nil {
		return at, err
	}
	info := stream.CachedInfo()
	astray := at.Sequence > 0 && (!at.Born.Equal(info.Created) || at.Sequence > info.State.LastSeq)
	f.astray.Store(astray)
	if astray {
		return at, errAstray
	}
	if info.State.Msgs > 0 && info.State.FirstSeq > at.Sequence+1 {
		slog.Warn("the stream begins after the position", "stream", f.intake.Stream, "first", info.State.FirstSeq)
	}
	return Position{at.Sequence, info.Created}, nil
}

// bind makes a consumer of our own after the position, and says how many facts wait.
func (f *Follower) bind(ctx context.Context, at Position) (jetstream.Consumer, uint64, error) {
	subjects := make([]string, len(f.intake.Facts))
	for i, name := range f.intake.Facts {
		subjects[i] = string(name)
	}
	ctx, cancel := context.WithTimeout(ctx, brokerTimeout)
	defer cancel()
	consumer, err := f.bus.streams.CreateConsumer(ctx, f.intake.Stream, jetstream.ConsumerConfig{
		FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: at.Sequence + 1,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: unaskedAfter,
	})
	if err != nil {
		return nil, 0, err
	}
	waiting := consumer.CachedInfo().NumPending
	f.mutex.Lock()
	f.consumer, f.applied, f.lag = consumer, 0, waiting
	f.mutex.Unlock()
	return consumer, waiting, nil
}

func (f *Follower) consume(ctx context.Context, inflow *inflow, at Position, waiting uint64) error {
	defer inflow.stop()
	var taken uint64
	for {
		if taken >= waiting {
			f.caughtUp.Store(true)
		}
		messages, err := inflow.gather(ctx, batch)
		if err != nil {
			return err
		}
		if at, err = f.take(messages, at, taken); err != nil {
			return err
		}
		taken += uint64(len(messages))
		f.mutex.Lock()
		f.applied = taken
		f.mutex.Unlock()
	}
}

// take takes in messages, of which the consumer gave so many before, and returns the position after them.
func (f *Follower) take(messages []jetstream.Msg, at Position, before uint64) (Position, error) {
	handling := handling{stream: f.intake.Stream, told: f.caughtUp.Load()}
	defer handling.end()
	var said []any
	for i, message := range messages {
		place, err := message.Metadata()
		if err != nil {
			return at, err
		}
		// A message that was lost on the way must not be passed over.
		if place.Sequence.Consumer != before+uint64(i)+1 {
			return at, errGap
		}
		at.Sequence = place.Sequence.Stream
		if each, err := f.read(message, &handling); err != nil {
			slog.Error("a fact cannot be read and is passed over", "stream", f.intake.Stream, "sequence", at.Sequence,
				"subject", message.Subject(), "why", err.Error(), "count", f.skipped.Add(1))
		} else {
			said = append(said, each)
		}
	}
	if err := f.intake.Take(said, at); err != nil {
		slog.Error("facts could not be taken in; they come again", "stream", f.intake.Stream, "error", err.Error())
		return at, err
	}
	handling.done()
	return at, nil
}

func (f *Follower) read(message jetstream.Msg, handling *handling) (any, error) {
	fact, err := ParseFact(message.Headers(), message.Data())
	if err != nil {
		return nil, err
	}
	handling.begin(fact)
	return f.intake.Read(fact.Data)
}
