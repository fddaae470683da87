package index

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/coursemesh/coursemesh/services/search/domain"
	"github.com/coursemesh/coursemesh/services/search/usecases"
)

const (
	coursesStream     = "COURSE"
	enrollmentsStream = "ENROLLMENT"
)

var born = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

func at(sequence int) usecases.Position {
	return usecases.Position{Sequence: uint64(sequence), Born: born}
}

// idOf is the id of the course, learner or enrollment of that number.
func idOf(kind, number int) string { return fmt.Sprintf("%08x-0000-7000-8000-%012x", kind, number) }

func courseID(number int) string  { return idOf(1, number) }
func learnerID(number int) string { return idOf(2, number) }

func course(number int, title string, changes ...func(*domain.Course)) domain.Course {
	made := domain.Course{
		ID: courseID(number), Version: 1, Title: title, Level: domain.Beginner, Language: "en",
		Price: domain.Money{AmountMinor: 1000, CurrencyCode: "EUR"}, Listed: true,
	}
	for _, change := range changes {
		change(&made)
	}
	return made
}

func tagged(tags ...string) func(*domain.Course) { return func(c *domain.Course) { c.Tags = tags } }
func summed(summary string) func(*domain.Course) {
	return func(c *domain.Course) { c.Summary = summary }
}
func teaching(titles ...string) func(*domain.Course) {
	return func(c *domain.Course) { c.Lessons = titles }
}
func leveled(level domain.Level) func(*domain.Course) {
	return func(c *domain.Course) { c.Level = level }
}
func spoken(language string) func(*domain.Course) {
	return func(c *domain.Course) { c.Language = language }
}
func costing(amount int64) func(*domain.Course) {
	return func(c *domain.Course) { c.Price.AmountMinor = amount }
}
func version(number int64) func(*domain.Course) { return func(c *domain.Course) { c.Version = number } }
func archived(c *domain.Course)                 { c.Listed = false }

func enrollment(number, learner, taken int) domain.Enrollment {
	return domain.Enrollment{ID: idOf(3, number), LearnerID: learnerID(learner), CourseID: courseID(taken)}
}

func over(enrollment domain.Enrollment) domain.Enrollment {
	enrollment.Over = true
	return enrollment
}

// opened is an index in a directory of its own.
func opened(t testing.TB) *Index {
	t.Helper()
	made, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.close() })
	return made
}

// holding is an index with these courses.
func holding(t testing.TB, courses ...domain.Course) *Index {
	t.Helper()
	made := opened(t)
	keep(t, made, courses...)
	return made
}

func keep(t testing.TB, into *Index, courses ...domain.Course) {
	t.Helper()
	if err := into.KeepCourses(courses, coursesStream, at(len(courses))); err != nil {
		t.Fatal(err)
	}
}

func enroll(t testing.TB, into *Index, enrollments ...domain.Enrollment) {
	t.Helper()
	if err := into.KeepEnrollments(enrollments, enrollmentsStream, at(len(enrollments))); err != nil {
		t.Fatal(err)
	}
}

// searchFor is what a query finds.
func searchFor(t testing.TB, in *Index, query domain.Query) domain.Found {
	t.Helper()
	if query.Size == 0 {
		query.Size = 20
	}
	checked, err := query.Checked()
	if err != nil {
		t.Fatal(err)
	}
	found, err := in.Search(t.Context(), checked)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func titles(found domain.Found) []string {
	told := []string{}
	for _, hit := range found.Hits {
		told = append(told, hit.Course.Title)
	}
	return told
}

var vocabulary = []string{
	"introduction", "advanced", "practical", "modern", "python", "java", "javascript", "golang", "rust", "kubernetes",
	"docker", "linear", "algebra", "statistics", "photography", "guitar", "painting", "history", "chemistry", "physics",
	"marketing", "finance", "accounting", "negotiation", "leadership", "spanish", "french", "japanese", "cooking",
	"baking", "gardening", "astronomy", "databases", "networks", "security", "cryptography", "compilers", "graphics",
	"design", "typography", "writing", "poetry", "drama", "philosophy", "logic", "economics", "ecology", "genetics",
}

// invented is a course of that number, the same for the same source of chance.
func invented(chance *rand.Rand, number int) domain.Course {
	words := func(count int) string {
		text := ""
		for i := range count {
			if i > 0 {
				text += " "
			}
			text += vocabulary[chance.IntN(len(vocabulary))]
			if chance.IntN(4) == 0 {
				text += fmt.Sprint(chance.IntN(3000))
			}
		}
		return text
	}
	made := course(number, words(2+chance.IntN(4)), summed(words(10+chance.IntN(20))))
	made.Level = domain.Level(1 + chance.IntN(3))
	made.Language = []string{"en", "de", "fr", "es", "pt-BR"}[chance.IntN(5)]
	made.Price.AmountMinor = int64(chance.IntN(20)) * 500
	for range 1 + chance.IntN(4) {
		made.Tags = append(made.Tags, vocabulary[chance.IntN(len(vocabulary))])
	}
	for range 5 + chance.IntN(15) {
		made.Lessons = append(made.Lessons, words(3+chance.IntN(4)))
	}
	return made
}

func makeDir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
