package main

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	coursev1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/course/v1"
	enrollmentv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/enrollment/v1"
)

func idOf(kind, number int) string { return fmt.Sprintf("%08x-0000-7000-8000-%012x", kind, number) }

func courseID(number int) string  { return idOf(1, number) }
func learnerID(number int) string { return idOf(2, number) }

func course(number int, version int64, title string) *coursev1.Course {
	return &coursev1.Course{
		Id: courseID(number), Version: version, Title: title, Summary: "About " + title, Level: coursev1.Level_LEVEL_BEGINNER,
		Language: "en", Tags: []string{"learning"}, Price: &coursev1.Money{AmountMinor: 4900, CurrencyCode: "EUR"},
		State:   coursev1.CourseState_COURSE_STATE_PUBLISHED,
		Modules: []*coursev1.Module{{Lessons: []*coursev1.Lesson{{Title: "Welcome"}, {Title: "Practice"}}}},
	}
}

func published(number int, title string) proto.Message {
	return &coursev1.CoursePublished{Course: course(number, 2, title)}
}

func updated(number int, version int64, title string) proto.Message {
	return &coursev1.CourseUpdated{Course: course(number, version, title)}
}

func archived(number int, version int64, title string) proto.Message {
	gone := course(number, version, title)
	gone.State = coursev1.CourseState_COURSE_STATE_ARCHIVED
	return &coursev1.CourseArchived{Course: gone}
}

func activated(number, learner, taken int) proto.Message {
	return &enrollmentv1.EnrollmentActivated{
		EnrollmentId: idOf(3, number), LearnerId: learnerID(learner), CourseId: courseID(taken),
	}
}

func cancelled(number, learner, taken int) proto.Message {
	return &enrollmentv1.EnrollmentCancelled{
		EnrollmentId: idOf(3, number), LearnerId: learnerID(learner), CourseId: courseID(taken),
	}
}
