package index

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

const (
	isLive = 'l'
	isOver = 'o'
)

// How many of the caller's courses, of the learners of each, and of seats in all are looked at for one recommendation:
// the answer costs the same however many learners there are.
const (
	ownCourses  = 50
	withEach    = 200
	seatsLooked = 5_000
)

// keepEnrollment counts a learner in or out. It bears facts in any order and any number of times.
func keepEnrollment(tx *bolt.Tx, enrollment domain.Enrollment) error {
	id, err := packed(enrollment.ID)
	if err != nil {
		return err
	}
	learner, err := packed(enrollment.LearnerID)
	if err != nil {
		return err
	}
	course, err := packed(enrollment.CourseID)
	if err != nil {
		return err
	}
	known := tx.Bucket(enrollments).Get(id)
	became := []byte{isLive}
	if enrollment.Over {
		became[0] = isOver
	}
	// What is over stays over, so a cancellation may come before what it cancels.
	if known != nil && (known[0] == isOver || known[0] == became[0]) {
		return nil
	}
	wasLive := known != nil
	if err := tx.Bucket(enrollments).Put(id, bytes.Join([][]byte{became, learner, course}, nil)); err != nil {
		return err
	}
	switch {
	case !enrollment.Over:
		return seat(tx, learner, course, 1)
	case wasLive:
		return seat(tx, learner, course, -1)
	}
	return nil
}

// seat counts a live enrollment; the learner counts once, however many there are.
func seat(tx *bolt.Tx, learner, course []byte, change int64) error {
	now, err := add(tx.Bucket(taken), pair(learner, course), change)
	if err != nil {
		return err
	}
	switch {
	case change > 0 && now == 1:
		if err := tx.Bucket(takers).Put(pair(course, learner), present); err != nil {
			return err
		}
		return count(tx, course, 1)
	case change < 0 && now == 0:
		if err := tx.Bucket(takers).Delete(pair(course, learner)); err != nil {
			return err
		}
		return count(tx, course, -1)
	}
	return nil
}

// count changes how many learners a course has, and its place among the popular ones if it has one.
func count(tx *bolt.Tx, course []byte, change int64) error {
	key := popularKey(tx, course)
	listed := tx.Bucket(popular).Get(key) != nil
	if _, err := add(tx.Bucket(learners), course, change); err != nil || !listed {
		return err
	}
	if err := tx.Bucket(popular).Delete(key); err != nil {
		return err
	}
	return tx.Bucket(popular).Put(popularKey(tx, course), present)
}

func pair(a, b []byte) []byte { return append(bytes.Clone(a), b...) }

// seconds are the second halves of at most so many pairs that begin with `half`.
func seconds(bucket *bolt.Bucket, half []byte, most int) [][]byte {
	var found [][]byte
	cursor := bucket.Cursor()
	for key, _ := cursor.Seek(half); bytes.HasPrefix(key, half) && len(found) < most; key, _ = cursor.Next() {
		found = append(found, bytes.Clone(key[idBytes:]))
	}
	return found
}

// candidates are the listed courses that those take who learn with the learner, and the popular ones; none that the
// learner is enrolled in. At least `most`, if there are.
func candidates(tx *bolt.Tx, learner []byte, most int) ([]domain.Candidate, error) {
	own := map[string]bool{}
	mine := seconds(tx.Bucket(taken), learner, 10_000)
	for _, course := range mine {
		own[string(course)] = true
	}
	together := map[string]int64{}
	// The newest first: ids grow with time.
	looked := 0
	for i := len(mine) - 1; i >= max(0, len(mine)-ownCourses) && looked < seatsLooked; i-- {
		for _, other := range seconds(tx.Bucket(takers), mine[i], withEach) {
			for _, course := range seconds(tx.Bucket(taken), other, ownCourses) {
				looked++
				together[string(course)]++
			}
			if looked >= seatsLooked {
				break
			}
		}
	}
	return listedOf(tx, own, together, most)
}

func listedOf(tx *bolt.Tx, own map[string]bool, together map[string]int64, most int) ([]domain.Candidate, error) {
	var found []domain.Candidate
	for id, times := range together {
		course, known, err := readCourse(tx, []byte(id))
		if err != nil {
			return nil, err
		}
		if known && course.Listed && !own[id] {
			found = append(found, candidate(tx, []byte(id), times))
		}
	}
	cursor := tx.Bucket(popular).Cursor()
	for key, _ := cursor.Last(); key != nil && most > 0; key, _ = cursor.Prev() {
		id := key[8:]
		if own[string(id)] {
			continue
		}
		most--
		if together[string(id)] == 0 {
			found = append(found, candidate(tx, id, 0))
		}
	}
	return found, nil
}

func candidate(tx *bolt.Tx, id []byte, together int64) domain.Candidate {
	return domain.Candidate{ID: unpacked(id), Together: together, Learners: number(tx.Bucket(learners).Get(id))}
}
