package index

import (
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

var seed = flag.Uint64("seed", 0, "begin with this source of chance and no other")

// history is what the two streams hold: facts in some order, some late, some twice.
type history struct {
	courses     []domain.Course
	enrollments []domain.Enrollment
}

func invent(chance *rand.Rand) history {
	var made history
	for number := range 40 {
		for v := range int64(1 + chance.IntN(4)) {
			changed := invented(chance, number)
			changed.Version = v + 1
			made.courses = append(made.courses, changed)
		}
		if chance.IntN(4) == 0 {
			made.courses = append(made.courses, course(number, "Gone", version(9), archived))
		}
	}
	for number := range 300 {
		taken := enrollment(number, chance.IntN(30), chance.IntN(45))
		made.enrollments = append(made.enrollments, taken)
		if chance.IntN(3) == 0 {
			made.enrollments = append(made.enrollments, over(taken))
		}
	}
	made.courses = disordered(chance, made.courses)
	made.enrollments = disordered(chance, made.enrollments)
	return made
}

// disordered puts facts in any order and repeats some.
func disordered[Fact any](chance *rand.Rand, facts []Fact) []Fact {
	for range len(facts) / 5 {
		facts = append(facts, facts[chance.IntN(len(facts))])
	}
	chance.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
	return facts
}

func TestAnIndexEqualsOneRebuiltFromTheStreams(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4, 5, 6}
	if *seed != 0 {
		seeds = []uint64{*seed}
	}
	for _, each := range seeds {
		t.Run(fmt.Sprint("seed ", each), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(each, 0))
			told := invent(chance)
			rebuilt := holding(t, told.courses...)
			enroll(t, rebuilt, told.enrollments...)
			same(t, lived(t, chance, told), rebuilt)
			other := history{disordered(chance, told.courses), disordered(chance, told.enrollments)}
			same(t, lived(t, chance, other), rebuilt)
		})
	}
}

// lived is an index that took the history in bit by bit, was closed now and then, and crashed between its two parts.
func lived(t *testing.T, chance *rand.Rand, told history) *Index {
	dir := filepath.Join(t.TempDir(), "lived")
	in := reopened(t, nil, dir)
	step := func(length, at int) int { return min(length, at+1+chance.IntN(30)) }
	for i, j := 0, 0; i < len(told.courses) || j < len(told.enrollments); {
		next := step(len(told.courses), i)
		switch chance.IntN(4) {
		case 0: // a crash: the ledger has it, the text index and the position do not
			crash(t, in, told.courses[i:next])
		case 1:
			in = reopened(t, in, dir)
		}
		if err := in.KeepCourses(told.courses[i:next], coursesStream, at(next)); err != nil {
			t.Fatal(err)
		}
		i = next
		next = step(len(told.enrollments), j)
		if err := in.KeepEnrollments(told.enrollments[j:next], enrollmentsStream, at(next)); err != nil {
			t.Fatal(err)
		}
		j = next
	}
	t.Cleanup(func() { _ = in.close() })
	return in
}

func reopened(t *testing.T, before *Index, dir string) *Index {
	t.Helper()
	if before != nil {
		if err := before.close(); err != nil {
			t.Fatal(err)
		}
	} else {
		dir = makeDir(t, dir)
	}
	in, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func crash(t *testing.T, in *Index, courses []domain.Course) {
	t.Helper()
	err := in.ledger.Update(func(tx *bolt.Tx) error {
		for _, each := range courses {
			if _, err := keepCourse(tx, each); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// same compares all that two indexes answer, to the last score, and all that their ledgers hold.
func same(t *testing.T, one, other *Index) {
	t.Helper()
	for _, text := range []string{
		"", "python", "pyhton", "introducton practical", "java", "adv", "docker linear algbra statistic", "cooking 12", "gone",
	} {
		for _, query := range []domain.Query{
			{Text: text, Size: 100}, {Text: text, Size: 7}, {Text: text, Tags: []string{"java"}}, {Text: text, MinAmount: 4000},
		} {
			if a, b := searchFor(t, one, query), searchFor(t, other, query); !reflect.DeepEqual(a, b) {
				t.Fatalf("%+v finds\n%+v and\n%+v", query, a, b)
			}
		}
	}
	for learner := range 31 {
		if a, b := recommended(t, one, learner), recommended(t, other, learner); !slices.Equal(a, b) {
			t.Fatalf("learner %d: %q and %q", learner, a, b)
		}
	}
	for _, prefix := range []string{"p", "ja", "introd", "gone"} {
		if a, b := suggested(t, one, prefix), suggested(t, other, prefix); !slices.Equal(a, b) {
			t.Fatalf("%s: %q and %q", prefix, a, b)
		}
	}
	if a, b := contents(t, one), contents(t, other); !reflect.DeepEqual(a, b) {
		for key, value := range a {
			if b[key] != value {
				t.Errorf("%s: %q and %q", key, value, b[key])
			}
		}
		t.Fatalf("the ledgers hold %d and %d entries", len(a), len(b))
	}
}

// contents are all entries of a ledger but the positions.
func contents(t *testing.T, in *Index) map[string]string {
	t.Helper()
	held := map[string]string{}
	err := in.ledger.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
			if string(name) == string(state) {
				return nil
			}
			return bucket.ForEach(func(key, value []byte) error {
				held[string(name)+" "+hex.EncodeToString(key)] = string(value)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return held
}
