package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	coursev1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/course/v1"
	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
)

func TestEverySettingThatIsMissingIsNamedOnOneLine(t *testing.T) {
	command := exec.Command(program)
	command.Env = []string{"LISTEN=", "REBUILD_ON_START=maybe"}
	told, err := command.CombinedOutput()
	want := "cannot start: LISTEN is not set; NATS_URL is not set; USER_ADDRESS is not set; DATA_DIR is not set; " +
		"REBUILD_ON_START is neither true nor false: \"maybe\"\n"
	if string(told) != want || command.ProcessState.ExitCode() != 2 {
		t.Errorf("%q, %v", told, err)
	}
}

func TestATakenPortIsOneClearLine(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	command := exec.Command(program)
	command.Env = []string{
		"LISTEN=" + users.address, "NATS_URL=" + broker.url(), "USER_ADDRESS=" + users.address, "DATA_DIR=" + t.TempDir(),
	}
	told, _ := command.CombinedOutput()
	if !strings.Contains(string(told), "is another program using the port?") || command.ProcessState.ExitCode() != 1 ||
		strings.Count(string(told), "\n") != 1 {
		t.Errorf("%q", told)
	}
}

func TestTwoReplicasMustNotShareADirectory(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
	started(t, broker, users, dir)
	command := exec.Command(program)
	command.Env = []string{
		"LISTEN=127.0.0.1:0", "NATS_URL=" + broker.url(), "USER_ADDRESS=" + users.address, "DATA_DIR=" + dir,
	}
	told, _ := command.CombinedOutput()
	if !strings.Contains(string(told), "cannot use DATA_DIR") || command.ProcessState.ExitCode() != 1 {
		t.Errorf("%q", told)
	}
}

func TestABrokerThatRefusesIsToldOnceAndWithoutThePassword(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	wrong := strings.Replace(broker.url(), secret, "a-wrong-one", 1)
	service := starting(t, broker, users, t.TempDir(), "NATS_URL="+wrong)
	const told = "the broker refuses the credentials in NATS_URL"
	eventually(t, "it is told", func() bool { return strings.Contains(service.logs.String(), told) })
	if err := service.terminate(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if log := service.logs.String(); strings.Count(log, told) != 1 || strings.Contains(log, "a-wrong-one") {
		t.Errorf("%s", log)
	}
}

func TestFactsBecomeAnswers(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	broker.publish(published(1, "Python for all"), published(2, "Rust for some"), activated(1, 1, 1))
	service := started(t, broker, users, t.TempDir())
	if got := service.titles("pyhton"); !slices.Equal(got, []string{"Python for all"}) {
		t.Errorf("what was there before: %q", got)
	}
	broker.publish(
		updated(1, 3, "Python renamed"), updated(1, 2, "Python late"), archived(2, 3, "Rust for some"),
		activated(2, 2, 1), activated(2, 2, 1), cancelled(1, 1, 1), cancelled(1, 1, 1))
	eventually(t, "the news is there", func() bool {
		answer, err := service.Search(t.Context(), &searchv1.SearchRequest{})
		return err == nil && answer.GetTotalSize() == 1 && answer.GetHits()[0].GetCourse().GetTitle() == "Python renamed" &&
			answer.GetHits()[0].GetCourse().GetLearnerCount() == 1
	})
	if got := service.said("handled", "trace_id"); got != trace {
		t.Errorf("facts are handled in the trace %q", got)
	}
}

func TestAFactThatCannotBeReadIsPassedOver(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	service := started(t, broker, users, t.TempDir())
	broker.send("coursemesh.course.v1.CourseUpdated", []byte("\xff\xff\xff"))
	nameless := course(1, 2, "Nameless")
	nameless.Id = "../../etc"
	broker.publish(&coursev1.CoursePublished{Course: nameless})
	last := broker.publish(published(3, "After it"))
	eventually(t, "what comes after it is there", func() bool { return slices.Contains(service.titles(""), "After it") })
	eventually(t, "nothing waits", func() bool {
		position := service.status().GetPositions()[0]
		return position.GetAppliedSequence() == last && position.GetLag() == 0
	})
	if count := strings.Count(service.logs.String(), "a fact cannot be read and is passed over"); count != 2 {
		t.Errorf("%d told in the log", count)
	}
}

func TestNothingIsLostOrTakenTwiceWhenTheServiceIsKilled(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
	broker.makeStreams()
	const courses = 200
	for round := range 4 {
		service := starting(t, broker, users, dir)
		for number := round * courses / 4; number < (round+1)*courses/4; number++ {
			broker.publish(published(number, fmt.Sprintf("Course%d", number)), activated(number, number%7, number))
			if number%25 == 24 { // somewhere in the middle of taking it in
				service.kill()
				service = starting(t, broker, users, dir)
			}
		}
		service.kill()
	}
	service := started(t, broker, users, dir)
	answer, err := service.Search(t.Context(), &searchv1.SearchRequest{PageSize: 100})
	if err != nil || answer.GetTotalSize() != courses {
		t.Fatalf("%d courses, %v", answer.GetTotalSize(), err)
	}
	for _, hit := range answer.GetHits() {
		if hit.GetCourse().GetLearnerCount() != 1 {
			t.Errorf("%s has %d learners", hit.GetCourse().GetTitle(), hit.GetCourse().GetLearnerCount())
		}
	}
	// What was kept equals what is built anew.
	other := started(t, broker, users, t.TempDir())
	equal(t, service, other)
}

func equal(t *testing.T, one, other *service) {
	t.Helper()
	for _, query := range []string{"", "course17", "cours", "welcme", "practice about"} {
		a, err := one.Search(t.Context(), &searchv1.SearchRequest{Query: query, PageSize: 100})
		b, unread := other.Search(t.Context(), &searchv1.SearchRequest{Query: query, PageSize: 100})
		if err != nil || unread != nil || !proto.Equal(a, b) {
			t.Errorf("%q: %v and %v (%v, %v)", query, a, b, err, unread)
		}
	}
}

func TestItGoesOnWhenTheBrokerComesBack(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	broker.publish(published(1, "Before"))
	service := started(t, broker, users, t.TempDir())
	broker.kill()
	eventually(t, "health says that the broker is away", func() bool { return !service.serving() })
	if got := service.titles("before"); len(got) != 1 {
		t.Errorf("while the broker is away: %q", got)
	}
	broker.start()
	eventually(t, "the broker takes facts", func() bool {
		_, err := broker.streams.AccountInfo(t.Context())
		return err == nil
	})
	broker.publish(published(2, "After"))
	eventually(t, "what came after is there", func() bool { return len(service.titles("after")) == 1 })
	eventually(t, "it is healthy again", service.serving)
	if strings.Contains(service.logs.String(), secret) {
		t.Error("the log shows the password")
	}
}

func TestItIsNotHealthyBeforeItHasCaughtUp(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
	broker.makeStreams()
	for number := range 1_000 {
		broker.publish(published(number, fmt.Sprint("Course ", number)))
	}
	service := starting(t, broker, users, dir)
	eventually(t, "it is healthy", service.serving)
	if count := service.status().GetDocumentCount(); count != 1_000 {
		t.Errorf("healthy with %d courses", count)
	}
}

func TestStreamsThatAreNotThereYetAreWaitedFor(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	service := started(t, broker, users, t.TempDir())
	broker.makeStreams()
	broker.publish(published(1, "First of all"))
	eventually(t, "the first course is there", func() bool { return len(service.titles("first")) == 1 })
}

func TestAStreamThatWasLostAndMadeAgainIsReadFromItsBeginning(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	broker.publish(published(1, "Of the old stream"), published(2, "Likewise"))
	service := started(t, broker, users, t.TempDir())
	for _, stream := range []string{"COURSE", "ENROLLMENT"} {
		if err := broker.streams.DeleteStream(t.Context(), stream); err != nil {
			t.Fatal(err)
		}
	}
	if got := service.titles(""); len(got) != 2 {
		t.Errorf("without a stream: %q", got)
	}
	broker.makeStreams()
	broker.publish(published(3, "Of the new stream"))
	eventually(t, "the index is that of the new stream", func() bool {
		return slices.Equal(service.titles(""), []string{"Of the new stream"})
	})
}

func TestItStopsCleanlyAndTellsThoseWhoWatch(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
	broker.makeStreams()
	service := started(t, broker, users, dir)
	watching, err := service.health.Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{
		Service: searchv1.SearchService_ServiceDesc.ServiceName,
	})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := watching.Recv(); err != nil || first.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Fatalf("%v, %v", first, err)
	}
	begun := time.Now()
	if err := service.terminate(); err != nil {
		t.Errorf("it ended with %v: %s", err, service.logs)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("a watcher held it up for %s", took)
	}
	if last, err := watching.Recv(); err != nil || last.GetStatus() != grpc_health_v1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("%v, %v", last, err)
	}
}

func TestADirectoryIsForItsOwnerAlone(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), filepath.Join(t.TempDir(), "data")
	started(t, broker, users, dir)
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
