package usecases

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// How often a build is looked at whether it is complete, and the streams whether they are the ones the index is built
// from; and how long a build that failed is not tried again.
const (
	lookEvery  = 20 * time.Millisecond
	watchEvery = 500 * time.Millisecond
	retryAfter = 10 * time.Second
)

// Status is the index as it stands.
type Status struct {
	Count      int64
	Built      time.Time
	Progress   []Progress
	Rebuilding bool
}

// Editions keeps the current edition in step with the streams, and builds another beside it when asked.
type Editions struct {
	shelf Shelf
	feed  Feed

	use     sync.RWMutex // held while the current edition is asked; alone while another takes its place
	current *followed

	building sync.Mutex // over the three below
	running  bool
	stopped  bool
	failed   time.Time

	life  context.Context
	stop  context.CancelFunc
	ended sync.WaitGroup
}

type followed struct {
	edition Edition
	reading Reading
}

// Open opens the current edition and begins to follow the streams with it.
func Open(shelf Shelf, feed Feed) (*Editions, error) {
	edition, err := shelf.Current()
	if err != nil {
		return nil, err
	}
	e := &Editions{shelf: shelf, feed: feed, current: &followed{edition, feed.Follow(edition)}}
	e.life, e.stop = context.WithCancel(context.Background())
	e.ended.Go(e.watch)
	return e, nil
}

// Ready says whether the current edition answers, and has everything that was in the streams at its start.
func (e *Editions) Ready() bool {
	e.use.RLock()
	defer e.use.RUnlock()
	return e.current.edition.Healthy() && e.current.reading.CaughtUp()
}

// Status is how the current edition stands.
func (e *Editions) Status(ctx context.Context) (Status, error) {
	e.building.Lock()
	status := Status{Rebuilding: e.running}
	e.building.Unlock()
	e.use.RLock()
	defer e.use.RUnlock()
	count, err := e.current.edition.Count()
	built, unread := e.current.edition.Built()
	status.Count, status.Built, status.Progress = count, built, e.current.reading.Progress(ctx)
	return status, errors.Join(err, unread)
}

// Rebuild begins to build the index anew, unless it is being built or was built under this name, and does not wait.
func (e *Editions) Rebuild(request string) error {
	e.building.Lock()
	defer e.building.Unlock()
	if e.running || e.stopped {
		return nil
	}
	known, err := ask(e, func(index Finder) (bool, error) { return index.(Edition).Requested(request) })
	if err != nil || known && request != "" {
		return err
	}
	e.running = true
	e.ended.Go(func() { e.rebuild(request) })
	return nil
}

// Close ends a build that is running, and the following, and closes the index.
func (e *Editions) Close() error {
	e.building.Lock()
	e.stopped = true
	e.building.Unlock()
	e.stop()
	e.ended.Wait()
	e.use.Lock()
	defer e.use.Unlock()
	e.current.reading.Stop()
	return e.shelf.Close(e.current.edition)
}

func (e *Editions) rebuild(request string) {
	slog.Info("building the index anew")
	begun := time.Now()
	err := e.build(e.life, request)
	if err == nil {
		slog.Info("the index is built anew", "seconds", time.Since(begun).Seconds())
	} else if e.life.Err() == nil {
		slog.Error("the index could not be built anew; the one before stays", "error", err.Error())
	}
	e.building.Lock()
	defer e.building.Unlock()
	e.running = false
	if err != nil {
		e.failed = time.Now()
	}
}

func (e *Editions) build(ctx context.Context, request string) error {
	edition, err := e.shelf.New()
	if err != nil {
		return err
	}
	next := &followed{edition, e.feed.Follow(edition)}
	if err = e.complete(ctx, next); err == nil {
		err = e.shelf.Promote(edition, e.current.edition, request)
	}
	if err != nil {
		next.reading.Stop()
		return errors.Join(err, e.shelf.Discard(edition))
	}
	before := e.swap(next)
	before.reading.Stop()
	return e.shelf.Discard(before.edition)
}

// complete waits until the new edition has all that the current one has.
func (e *Editions) complete(ctx context.Context, next *followed) error {
	for !next.reading.CaughtUp() || e.behind(next) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
	}
	return nil
}

// behind says whether the new edition lacks what the current one has; one that was built from other streams is no
// measure.
func (e *Editions) behind(next *followed) bool {
	if e.current.reading.Astray() {
		return false
	}
	for _, stream := range e.current.reading.Streams() {
		has, err := next.edition.Position(stream)
		wants, unread := e.current.edition.Position(stream)
		if err != nil || unread != nil || has.Sequence < wants.Sequence {
			return true
		}
	}
	return false
}

// swap puts the new edition in the place of the current one, which nobody asks any more then.
func (e *Editions) swap(next *followed) *followed {
	e.use.Lock()
	defer e.use.Unlock()
	before := e.current
	e.current = next
	return before
}

// watch builds the index anew when a stream turns out to be another one than it was built from: it was lost and made
// again, or the index came from elsewhere.
func (e *Editions) watch() {
	for e.life.Err() == nil {
		if e.astray() {
			if err := e.Rebuild(""); err != nil {
				slog.Error("the index could not be built anew", "error", err.Error())
			}
		}
		select {
		case <-e.life.Done():
		case <-time.After(watchEvery):
		}
	}
}

func (e *Editions) astray() bool {
	e.building.Lock()
	waits := time.Since(e.failed) < retryAfter
	e.building.Unlock()
	e.use.RLock()
	defer e.use.RUnlock()
	return !waits && e.current.reading.Astray()
}
