// Package usecases finds courses, keeps the index in step with the facts, and builds it anew.
package usecases

import (
	"context"
	"time"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// Position is how far a stream was read: the sequence number of the last fact, and when the stream was made, which
// tells it from another stream of the same name.
type Position struct {
	Sequence uint64
	Born     time.Time
}

// Keeper takes in what the facts say. What was taken in and the position commit together; taking the same in again
// changes nothing.
type Keeper interface {
	KeepCourses(courses []domain.Course, stream string, at Position) error
	KeepEnrollments(enrollments []domain.Enrollment, stream string, at Position) error
	Position(stream string) (Position, error)
}

// Finder answers from what was taken in.
type Finder interface {
	Search(ctx context.Context, query domain.Query) (domain.Found, error)
	Suggestions(ctx context.Context, prefix string) ([]domain.Suggestion, error)
	Candidates(ctx context.Context, learnerID string, most int) ([]domain.Candidate, error)
	Summaries(ids []string) ([]domain.Summary, error)
	Count() (int64, error)
}

// Edition is one build of the index.
type Edition interface {
	Keeper
	Finder
	// Built is when the build was complete.
	Built() (time.Time, error)
	// Requested says whether this build, or one before it, was asked for under this name.
	Requested(request string) (bool, error)
	// Healthy says whether it can be read and was written to without an error.
	Healthy() bool
}

// Shelf keeps editions. One of them is current, also after a restart; the others are gone by then.
type Shelf interface {
	// Current opens the current edition; an empty one where there is none.
	Current() (Edition, error)
	// New begins an edition beside the current one.
	New() (Edition, error)
	// Promote makes the edition the current one. It remembers the requests of the one before, and this one.
	Promote(edition, before Edition, request string) error
	// Discard closes the edition and removes what is left of it.
	Discard(edition Edition) error
	// Close closes the edition and keeps it.
	Close(edition Edition) error
}

// Feed hands the facts of every stream to an edition, from its positions on, until the reading is stopped.
type Feed interface {
	Follow(into Keeper) Reading
}

// Reading is the following of one edition.
type Reading interface {
	// CaughtUp says whether everything that was in the streams when the reading began has been taken in.
	CaughtUp() bool
	// Streams are the names of the streams that are read.
	Streams() []string
	// Astray says whether a stream is not the one that the edition was built from.
	Astray() bool
	// Progress tells how far each stream is read.
	Progress(ctx context.Context) []Progress
	// Stop ends the reading and waits for what is being taken in.
	Stop()
}

// Progress is how far one stream is read, and how many facts wait.
type Progress struct {
	Stream   string
	Position Position
	Lag      uint64
}
