// Package wire is between the domain and the contracts: this service's own, and what it reads of the others'.
package wire

import (
	"fmt"
	"regexp"
	"strings"

	coursev1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/course/v1"
	enrollmentv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/enrollment/v1"
	"github.com/coursemesh/coursemesh/services/search/domain"
)

var id = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// A field of a fact may be longer than its service allows today, but not beyond all bounds.
const mostBytes = 20_000

// Course is a course as a fact tells it.
func Course(told *coursev1.Course) (domain.Course, error) {
	course := domain.Course{
		ID:       told.GetId(),
		Version:  told.GetVersion(),
		Title:    told.GetTitle(),
		Summary:  told.GetSummary(),
		Level:    domain.Level(told.GetLevel()),
		Language: domain.Language(told.GetLanguage()),
		Price: domain.Money{
			AmountMinor: told.GetPrice().GetAmountMinor(), CurrencyCode: told.GetPrice().GetCurrencyCode(),
		},
		Listed: told.GetState() == coursev1.CourseState_COURSE_STATE_PUBLISHED,
	}
	for _, tag := range told.GetTags() {
		course.Tags = append(course.Tags, strings.ToLower(tag))
	}
	for _, module := range told.GetModules() {
		for _, lesson := range module.GetLessons() {
			course.Lessons = append(course.Lessons, lesson.GetTitle())
		}
	}
	return course, checkCourse(course)
}

func checkCourse(course domain.Course) error {
	if !id.MatchString(course.ID) {
		return fmt.Errorf("the course has no id")
	}
	for _, text := range append([]string{course.Title, course.Summary, course.Language}, course.Tags...) {
		if len(text) > mostBytes {
			return fmt.Errorf("a field of the course %s is too long", course.ID)
		}
	}
	return nil
}

// Activated is a seat that was opened.
func Activated(told *enrollmentv1.EnrollmentActivated) (domain.Enrollment, error) {
	return enrollment(told, false)
}

// Cancelled is a seat that was given back.
func Cancelled(told *enrollmentv1.EnrollmentCancelled) (domain.Enrollment, error) {
	return enrollment(told, true)
}

type seat interface {
	GetEnrollmentId() string
	GetLearnerId() string
	GetCourseId() string
}

func enrollment(told seat, over bool) (domain.Enrollment, error) {
	made := domain.Enrollment{
		ID: told.GetEnrollmentId(), LearnerID: told.GetLearnerId(), CourseID: told.GetCourseId(), Over: over,
	}
	if !id.MatchString(made.ID) || !id.MatchString(made.LearnerID) || !id.MatchString(made.CourseID) {
		return made, fmt.Errorf("the enrollment, its learner or its course has no id")
	}
	return made, nil
}
