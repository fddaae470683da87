package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
)

func rebuild(t *testing.T, service *service, users *users, request string) *searchv1.IndexStatus {
	t.Helper()
	answer, err := service.RebuildIndex(
		users.as(t, learnerID(1), "admin"), &searchv1.RebuildIndexRequest{RequestId: request})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetStatus()
}

func editions(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "edition-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestARebuiltIndexTakesThePlaceOfTheOldOneWhileItIsAsked(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
	broker.makeStreams()
	for number := range 300 {
		broker.publish(published(number, fmt.Sprintf("Course%d", number)), activated(number, number%9, number%20))
	}
	service := started(t, broker, users, dir)
	before, built := editions(t, dir), service.status().GetBuildTime().AsTime()
	done := make(chan struct{})
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			for {
				answer, err := service.Search(t.Context(), &searchv1.SearchRequest{})
				if err != nil || answer.GetTotalSize() < 300 {
					t.Errorf("while it is built: %d, %v", answer.GetTotalSize(), err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	asking.Go(func() { // facts that come meanwhile are in the new one too
		for number := 300; number < 350; number++ {
			broker.publish(published(number, fmt.Sprintf("Course%d", number)))
		}
	})
	if !rebuild(t, service, users, "once").GetRebuilding() {
		t.Error("it is not being rebuilt")
	}
	if !rebuild(t, service, users, "another").GetRebuilding() {
		t.Error("a second request ends the first")
	}
	eventually(t, "it is rebuilt", func() bool {
		if beside := editions(t, dir); len(beside) > 2 {
			t.Errorf("two are built at once: %q", beside)
		}
		return !service.status().GetRebuilding()
	})
	close(done)
	asking.Wait()
	after := editions(t, dir)
	if len(after) != 1 || after[0] == before[0] || !service.status().GetBuildTime().AsTime().After(built) {
		t.Errorf("before %q, after %q", before, after)
	}
	eventually(t, "every course is there", func() bool { return service.status().GetDocumentCount() == 350 })
	equal(t, service, started(t, broker, users, t.TempDir()))
}

func TestTheSameRequestDoesNotBuildAgain(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
	broker.makeStreams()
	service := started(t, broker, users, dir)
	rebuild(t, service, users, "once")
	eventually(t, "it is rebuilt", func() bool { return !service.status().GetRebuilding() })
	first := editions(t, dir)
	again := func(when string) {
		if rebuild(t, service, users, "once").GetRebuilding() || editions(t, dir)[0] != first[0] {
			t.Errorf("it is built again %s", when)
		}
	}
	again("at once")
	if err := service.terminate(); err != nil {
		t.Fatal(err)
	}
	service = started(t, broker, users, dir)
	again("after a restart")
	rebuild(t, service, users, "twice")
	eventually(t, "it is rebuilt", func() bool { return !service.status().GetRebuilding() })
	if editions(t, dir)[0] == first[0] {
		t.Error("another request is not carried out")
	}
	first = editions(t, dir)
	again("after another build")
}

func TestAStopInTheMiddleOfARebuildLeavesTheOldIndex(t *testing.T) {
	for _, end := range []string{"asked to stop", "killed"} {
		t.Run(end, func(t *testing.T) {
			broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
			broker.makeStreams()
			for number := range 2_000 {
				broker.publish(published(number, fmt.Sprintf("Course%d", number)))
			}
			service := started(t, broker, users, dir)
			before := editions(t, dir)
			rebuild(t, service, users, "unended")
			if end == "killed" {
				service.kill()
			} else if err := service.terminate(); err != nil {
				t.Errorf("it ended with %v: %s", err, service.logs)
			}
			service = started(t, broker, users, dir)
			if after := editions(t, dir); len(after) != 1 || after[0] != before[0] {
				t.Errorf("before %q, after %q", before, after)
			}
			if count := service.status().GetDocumentCount(); count != 2_000 {
				t.Errorf("%d courses", count)
			}
			if rebuild(t, service, users, "unended").GetRebuilding() != true {
				t.Error("a build that did not end counts as built")
			}
		})
	}
}

func TestARebuildCanBeAskedForAtTheStart(t *testing.T) {
	broker, users, dir := newBroker(t), newUsers(t), t.TempDir()
	broker.makeStreams()
	broker.publish(published(1, "Python"))
	service := started(t, broker, users, dir)
	before := editions(t, dir)
	if err := service.terminate(); err != nil {
		t.Fatal(err)
	}
	service = started(t, broker, users, dir, "REBUILD_ON_START=true")
	eventually(t, "it is rebuilt", func() bool {
		after := editions(t, dir)
		return len(after) == 1 && after[0] != before[0]
	})
	if got := service.titles("python"); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestARequestToRebuildNeedsAName(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	service := started(t, broker, users, t.TempDir())
	for _, name := range []string{"", "a b", "\x00", string(make([]byte, 65))} {
		_, err := service.RebuildIndex(
			users.as(t, learnerID(1), "admin"), &searchv1.RebuildIndexRequest{RequestId: name})
		if reason, fields := reasonOf(err); reason != "INVALID_INPUT" || len(fields) != 1 || fields[0] != "request_id" {
			t.Errorf("%q: %v", name, err)
		}
	}
}
