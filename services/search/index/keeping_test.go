package index

import (
	"context"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func TestAnOlderVersionThatComesLateIsPassedOver(t *testing.T) {
	in := holding(t, course(1, "New name", version(3)), course(1, "Old name", version(2)))
	if got := titles(searchFor(t, in, domain.Query{})); !slices.Equal(got, []string{"New name"}) {
		t.Errorf("%q", got)
	}
	keep(t, in, course(1, "Older name", version(1)))
	if got := titles(searchFor(t, in, domain.Query{Text: "name"})); !slices.Equal(got, []string{"New name"}) {
		t.Errorf("%q", got)
	}
}

func TestAnArchivedCourseIsGoneEverywhere(t *testing.T) {
	in := holding(t, course(1, "Python", tagged("snakes")), course(2, "Pythonic"))
	enroll(t, in, enrollment(1, 1, 1), enrollment(2, 1, 2), enrollment(3, 2, 2))
	keep(t, in, course(1, "Python", version(2), archived))
	keep(t, in, course(1, "Python", version(1), tagged("snakes"))) // late
	if found := searchFor(t, in, domain.Query{Text: "python"}); !slices.Equal(titles(found), []string{"Pythonic"}) {
		t.Errorf("found: %q", titles(found))
	}
	if got := suggested(t, in, "py"); !slices.Equal(got, []string{"Pythonic"}) || suggested(t, in, "snak") != nil {
		t.Errorf("suggested: %q", got)
	}
	if got := recommended(t, in, 2); len(got) != 0 {
		t.Errorf("recommended: %q", got)
	}
	if count, _ := in.Count(); count != 1 {
		t.Errorf("%d courses", count)
	}
}

func TestALearnerCountsOnceWhileAnyEnrollmentIsLive(t *testing.T) {
	in := holding(t, course(1, "Python"))
	first, again, other := enrollment(1, 1, 1), enrollment(2, 1, 1), enrollment(3, 2, 1)
	for _, step := range []struct {
		fact domain.Enrollment
		want int64
	}{
		{first, 1}, {first, 1}, {other, 2}, {over(first), 1}, {over(first), 1}, {again, 2}, {first, 2}, {over(again), 1},
		{over(enrollment(9, 3, 1)), 1}, {enrollment(9, 3, 1), 1}, // the cancellation came first
	} {
		enroll(t, in, step.fact)
		if got := learnersOf(t, in, 1); got != step.want {
			t.Fatalf("after %+v: %d learners, not %d", step.fact, got, step.want)
		}
	}
}

func learnersOf(t *testing.T, in *Index, number int) int64 {
	t.Helper()
	found, err := in.Summaries([]string{courseID(number)})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0].Learners
}

func TestThoseWhoLearnTheSameLeadToTheirCourses(t *testing.T) {
	in := holding(t, course(1, "Python"), course(2, "Data"), course(3, "Guitar"), course(4, "Painting"), course(5, "New"))
	number := 0
	take := func(learner int, courses ...int) {
		for _, taken := range courses {
			number++
			enroll(t, in, enrollment(number, learner, taken))
		}
	}
	take(1, 1)
	take(2, 1, 2)
	take(3, 1, 2)
	for learner := 10; learner < 20; learner++ {
		take(learner, 3)
	}
	take(20, 3, 4)
	if got := recommended(t, in, 1); !slices.Equal(got, []string{"Data", "Guitar", "Painting", "New"}) {
		t.Errorf("to a learner of Python: %q", got)
	}
	if got := recommended(t, in, 99); !slices.Equal(got, []string{"Guitar", "Python", "Data", "Painting", "New"}) {
		t.Errorf("to a stranger: %q", got)
	}
	enroll(t, in, over(enrollment(1, 1, 1)))
	if got := recommended(t, in, 1); !slices.Contains(got, "Python") {
		t.Errorf("to one who gave Python up: %q", got)
	}
}

func TestNothingIsRecommendedToOneWhoLearnsEverything(t *testing.T) {
	in := opened(t)
	for number := range ownCourses + 20 {
		keep(t, in, course(number, "Course"))
		enroll(t, in, enrollment(number, 1, number))
	}
	if got := recommended(t, in, 1); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func recommended(t *testing.T, in *Index, learner int) []string {
	t.Helper()
	found, err := in.Candidates(t.Context(), learnerID(learner), 10)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, each := range domain.Ranked(found) {
		ids = append(ids, each.ID)
	}
	summaries, err := in.Summaries(ids)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, each := range summaries {
		got = append(got, each.Course.Title)
	}
	return got
}

func TestWhatIsTypedIsCompletedFromTitlesAndTags(t *testing.T) {
	in := holding(t,
		course(1, "Introduction to Python", tagged("python")), course(2, "Python for Data", tagged("python", "data")),
		course(3, "Café culture"), course(4, "Pythagoras"))
	enroll(t, in, enrollment(1, 1, 1), enrollment(2, 2, 1), enrollment(3, 3, 4))
	for prefix, want := range map[string][]string{
		"py":       {"python", "Pythagoras", "Python for Data", "Introduction to Python"},
		"PYTHON F": {"Python for Data"},
		"to py":    {"Introduction to Python"},
		"cafe c":   {"Café culture"},
		"thon":     nil,
		"":         nil,
		"!":        nil,
	} {
		if got := suggested(t, in, prefix); !slices.Equal(got, want) {
			t.Errorf("%q: %q, not %q", prefix, got, want)
		}
	}
}

func suggested(t *testing.T, in *Index, typed string) []string {
	t.Helper()
	prefix, err := domain.Prefix(typed)
	if err != nil {
		t.Fatal(err)
	}
	found, err := in.Suggestions(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	return domain.Likeliest(found, 10)
}

func TestPositionsAreThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	in, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if before, err := in.Position(coursesStream); err != nil || before.Sequence != 0 {
		t.Fatalf("%v, %v", before, err)
	}
	_ = in.KeepCourses(nil, coursesStream, at(7)) // facts that nothing could be made of move the position too
	_ = in.KeepEnrollments(nil, enrollmentsStream, at(9))
	if err := in.close(); err != nil {
		t.Fatal(err)
	}
	if in, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer in.close()
	for stream, want := range map[string]int{coursesStream: 7, enrollmentsStream: 9} {
		if got, err := in.Position(stream); err != nil || got.Sequence != at(want).Sequence || !got.Born.Equal(born) {
			t.Errorf("%s: %v, %v", stream, got, err)
		}
	}
}

func TestALedgerThatIsAheadOfTheTextIsCaughtUpWith(t *testing.T) {
	in := holding(t, course(1, "Python"))
	ahead := []domain.Course{course(1, "Renamed", version(2)), course(2, "Added")}
	// A crash after the ledger's commit and before the text index's.
	err := in.ledger.Update(func(tx *bolt.Tx) error {
		for _, each := range ahead {
			if _, err := keepCourse(tx, each); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	keep(t, in, ahead...) // the facts come again, since the position is before them
	for query, want := range map[string]string{"renamed": "Renamed", "added": "Added"} {
		if got := titles(searchFor(t, in, domain.Query{Text: query})); !slices.Equal(got, []string{want}) {
			t.Errorf("%q finds %q", query, got)
		}
	}
}
