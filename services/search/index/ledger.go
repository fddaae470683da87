package index

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/coursemesh/coursemesh/services/search/usecases"
)

// The ledger's buckets. Ids are packed; numbers are big-endian, so that keys are in the order of the numbers.
var (
	courses     = []byte("courses")     // course -> record, archived ones too: an older version may still come
	lessons     = []byte("lessons")     // course -> its lessons' titles
	enrollments = []byte("enrollments") // enrollment -> state, learner, course
	taken       = []byte("taken")       // learner, course -> how many live enrollments
	takers      = []byte("takers")      // course, learner -> nothing
	learners    = []byte("learners")    // course -> how many learners
	popular     = []byte("popular")     // how many learners, listed course -> nothing
	phrases     = []byte("phrases")     // phrase, NUL, kind, course or tag -> the text that is suggested
	tags        = []byte("tags")        // tag -> how many listed courses
	state       = []byte("state")       // positions, when it was built
	requests    = []byte("requests")    // name of a request to build -> when
)

var buckets = [][]byte{courses, lessons, enrollments, taken, takers, learners, popular, phrases, tags, state, requests}

var builtKey = []byte("built")

// The value under a key that says all there is to say.
var present = []byte{1}

// Another process that has the ledger open is given so long to let go of it.
const lockWait = time.Second

func openLedger(dir string) (*bolt.DB, error) {
	db, err := bolt.Open(filepath.Join(dir, "ledger.db"), 0o600, &bolt.Options{Timeout: lockWait})
	if err != nil {
		if err == bolterrors.ErrTimeout {
			err = ErrInUse
		}
		return nil, fmt.Errorf("the ledger: %w", err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("the ledger: %w", err)
	}
	return db, nil
}

func number(raw []byte) int64 {
	if len(raw) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw))
}

func numbered(value int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(value)) }

// add changes the number under a key and returns the new one; at zero the key is gone.
func add(bucket *bolt.Bucket, key []byte, change int64) (int64, error) {
	now := number(bucket.Get(key)) + change
	if now == 0 {
		return 0, bucket.Delete(key)
	}
	return now, bucket.Put(key, numbered(now))
}

func putPosition(tx *bolt.Tx, stream string, at usecases.Position) error {
	raw, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return tx.Bucket(state).Put([]byte(stream), raw)
}

func parsePosition(raw []byte) (usecases.Position, error) {
	var at usecases.Position
	if raw == nil {
		return at, nil
	}
	if err := json.Unmarshal(raw, &at); err != nil {
		return at, fmt.Errorf("the position in the index: %w", err)
	}
	return at, nil
}
