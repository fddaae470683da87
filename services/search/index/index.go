package index

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/domain"
	"github.com/coursemesh/coursemesh/services/search/usecases"
)

// ErrInUse is that another process has the directory.
var ErrInUse = errors.New("another process uses it")

// Index is one edition in its directory: the ledger and, built from it, the text index.
//
// Courses go into the ledger first and then into the text index, with the position of their stream. A crash between the
// two leaves the ledger ahead: the facts come again from the position on, change nothing in the ledger, and are written
// to the text index as the ledger has them. Enrollments and the position of their stream are in the ledger alone.
type Index struct {
	dir    string
	ledger *bolt.DB
	text   *textIndex
	failed atomic.Bool
}

var _ usecases.Edition = (*Index)(nil)

// Open opens the edition in a directory, or begins one in an empty directory.
func Open(dir string) (*Index, error) {
	ledger, err := openLedger(dir)
	if err != nil {
		return nil, err
	}
	text, err := openText(dir)
	if err != nil {
		_ = ledger.Close()
		return nil, err
	}
	return &Index{dir: dir, ledger: ledger, text: text}, nil
}

// KeepCourses takes in courses of one stream; older versions of what is known are passed over.
func (x *Index) KeepCourses(courses []domain.Course, stream string, at usecases.Position) error {
	changed := map[string]domain.Course{}
	err := x.ledger.Update(func(tx *bolt.Tx) error {
		for _, course := range courses {
			newer, err := keepCourse(tx, course)
			if err != nil {
				return err
			}
			if newer {
				changed[course.ID] = course
			}
		}
		return nil
	})
	position, unread := json.Marshal(at)
	if err = errors.Join(err, unread); err == nil {
		err = x.text.put(inOrder(changed), textKey(stream), position)
	}
	return x.noted(err)
}

// KeepEnrollments takes in enrollments of one stream.
func (x *Index) KeepEnrollments(enrollments []domain.Enrollment, stream string, at usecases.Position) error {
	return x.noted(x.ledger.Update(func(tx *bolt.Tx) error {
		for _, enrollment := range enrollments {
			if err := keepEnrollment(tx, enrollment); err != nil {
				return err
			}
		}
		return putPosition(tx, stream, at)
	}))
}

// Position is how far a stream was taken in: what the text index says of it, or else the ledger.
func (x *Index) Position(stream string) (usecases.Position, error) {
	raw, err := x.text.internal(textKey(stream))
	if err != nil || raw != nil {
		at, unread := parsePosition(raw)
		return at, errors.Join(err, unread)
	}
	var at usecases.Position
	err = x.ledger.View(func(tx *bolt.Tx) error {
		at, err = parsePosition(tx.Bucket(state).Get([]byte(stream)))
		return err
	})
	return at, err
}

// Count is how many courses are listed.
func (x *Index) Count() (int64, error) { return x.text.count() }

// Healthy says whether the ledger can be read and nothing failed since the last success.
func (x *Index) Healthy() bool {
	_, failing := broken.Load(x.text.path)
	return !failing && !x.failed.Load() && x.ledger.View(func(*bolt.Tx) error { return nil }) == nil
}

// Summaries are those of the courses that are listed, in the order asked for.
func (x *Index) Summaries(ids []string) ([]domain.Summary, error) {
	var found []domain.Summary
	err := x.ledger.View(func(tx *bolt.Tx) error {
		for _, id := range ids {
			raw, err := packed(id)
			if err != nil {
				return err
			}
			course, known, err := readCourse(tx, raw)
			if err != nil {
				return err
			}
			if known && course.Listed {
				found = append(found, domain.Summary{Course: course, Learners: number(tx.Bucket(learners).Get(raw))})
			}
		}
		return nil
	})
	return found, err
}

// Candidates are the courses that may be recommended to a learner.
func (x *Index) Candidates(ctx context.Context, learnerID string, most int) ([]domain.Candidate, error) {
	learner, err := packed(learnerID)
	if err != nil {
		learner = make([]byte, idBytes) // nobody, who is enrolled in nothing
	}
	var found []domain.Candidate
	err = x.ledger.View(func(tx *bolt.Tx) error {
		found, err = candidates(tx, learner, most)
		return err
	})
	return found, errors.Join(err, ctx.Err())
}

// Built is when the build was complete; the zero time while it is not.
func (x *Index) Built() (time.Time, error) {
	var built time.Time
	err := x.ledger.View(func(tx *bolt.Tx) error {
		if raw := tx.Bucket(state).Get(builtKey); raw != nil {
			return built.UnmarshalText(raw)
		}
		return nil
	})
	return built, err
}

func (x *Index) close() error { return errors.Join(x.text.close(), x.ledger.Close()) }

func (x *Index) noted(err error) error {
	x.failed.Store(err != nil)
	return err
}

func textKey(stream string) []byte { return []byte("position " + stream) }

func inOrder(courses map[string]domain.Course) []domain.Course {
	ids := make([]string, 0, len(courses))
	for id := range courses {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	sorted := make([]domain.Course, len(ids))
	for i, id := range ids {
		sorted[i] = courses[id]
	}
	return sorted
}
