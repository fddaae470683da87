// Package handlers is the facts that the index listens to, and what each says to it.
package handlers

import (
	"context"
	"errors"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	coursev1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/course/v1"
	enrollmentv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/enrollment/v1"
	"github.com/coursemesh/coursemesh/services/search/chassis"
	"github.com/coursemesh/coursemesh/services/search/domain"
	"github.com/coursemesh/coursemesh/services/search/usecases"
	"github.com/coursemesh/coursemesh/services/search/wire"
)

// handlers are the facts of one stream, and what each says. A fact whose data is of another type is none of ours.
type handlers[Said any] map[protoreflect.FullName]func(proto.Message) (Said, error)

var courses = handlers[domain.Course]{
	name(&coursev1.CoursePublished{}): course,
	name(&coursev1.CourseUpdated{}):   course,
	name(&coursev1.CourseArchived{}):  course,
}

var enrollments = handlers[domain.Enrollment]{
	name(&enrollmentv1.EnrollmentActivated{}): func(fact proto.Message) (domain.Enrollment, error) {
		return wire.Activated(fact.(*enrollmentv1.EnrollmentActivated))
	},
	name(&enrollmentv1.EnrollmentCancelled{}): func(fact proto.Message) (domain.Enrollment, error) {
		return wire.Cancelled(fact.(*enrollmentv1.EnrollmentCancelled))
	},
}

// course is the whole course, which every fact of a course has.
func course(fact proto.Message) (domain.Course, error) {
	return wire.Course(fact.(interface{ GetCourse() *coursev1.Course }).GetCourse())
}

func name(fact proto.Message) protoreflect.FullName {
	return fact.ProtoReflect().Descriptor().FullName()
}

var errNotHandled = errors.New("nobody here handles it")

func intake[Said any](
	handlers handlers[Said], from usecases.Keeper, keep func([]Said, string, usecases.Position) error,
) chassis.Intake {
	facts := make([]protoreflect.FullName, 0, len(handlers))
	for fact := range handlers {
		facts = append(facts, fact)
	}
	slices.Sort(facts)
	stream := chassis.StreamOf(facts[0])
	return chassis.Intake{
		Stream: stream,
		Facts:  facts,
		From: func() (chassis.Position, error) {
			at, err := from.Position(stream)
			return chassis.Position(at), err
		},
		Read: func(fact proto.Message) (any, error) {
			handle, known := handlers[name(fact)]
			if !known {
				return nil, errNotHandled
			}
			return handle(fact)
		},
		Take: func(said []any, at chassis.Position) error {
			typed := make([]Said, len(said))
			for i, each := range said {
				typed[i] = each.(Said)
			}
			return keep(typed, stream, usecases.Position(at))
		},
	}
}

// Feed follows the streams on a bus.
type Feed struct{ Bus *chassis.Bus }

// Follow hands every fact that is listened to over to an edition.
func (f Feed) Follow(into usecases.Keeper) usecases.Reading {
	ctx, cancel := context.WithCancel(context.Background())
	made := &reading{into: into, cancel: cancel}
	for _, each := range []chassis.Intake{
		intake(courses, into, into.KeepCourses), intake(enrollments, into, into.KeepEnrollments),
	} {
		follower := chassis.NewFollower(f.Bus, each)
		made.streams = append(made.streams, each.Stream)
		made.followers = append(made.followers, follower)
		made.running.Go(func() { follower.Run(ctx) })
	}
	return made
}

// reading is the following of one edition.
type reading struct {
	into      usecases.Keeper
	streams   []string
	followers []*chassis.Follower
	cancel    context.CancelFunc
	running   sync.WaitGroup
}

func (r *reading) Streams() []string { return r.streams }

func (r *reading) CaughtUp() bool {
	return !slices.ContainsFunc(r.followers, func(f *chassis.Follower) bool { return !f.CaughtUp() })
}

func (r *reading) Astray() bool {
	return slices.ContainsFunc(r.followers, (*chassis.Follower).Astray)
}

func (r *reading) Progress(ctx context.Context) []usecases.Progress {
	told := make([]usecases.Progress, len(r.streams))
	for i, stream := range r.streams {
		// The lag first: what is taken in meanwhile must not make an index look better than it is.
		lag := r.followers[i].Lag(ctx)
		at, _ := r.into.Position(stream)
		told[i] = usecases.Progress{Stream: stream, Position: at, Lag: lag}
	}
	return told
}

func (r *reading) Stop() {
	r.cancel()
	r.running.Wait()
}
