package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
)

// TestFigures measures the service with 10,000 courses, 5,000 enrollments and 1,000 updates that came as facts. It tells
// figures and demands none, and takes a while, so it runs only where it is asked for:
//
//	FIGURES=1 go test ./services/search -run Figures -v
func TestFigures(t *testing.T) {
	if os.Getenv("FIGURES") == "" {
		t.Skip("FIGURES is not set")
	}
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	empty := started(t, broker, users, t.TempDir())
	memory(t, empty, "empty")
	empty.kill()
	chance := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 3_000)
	for i := range words {
		words[i] = word(chance)
	}
	for number := range 10_000 {
		broker.publish(published(number, title(chance, words)))
	}
	for number := range 5_000 {
		broker.publish(activated(number, number%1_000, chance.IntN(10_000)))
	}
	for number := range 1_000 {
		broker.publish(updated(number, 3, title(chance, words)))
	}
	begun := time.Now()
	service := started(t, broker, users, t.TempDir())
	t.Logf("16,000 facts taken in: %.2f s", time.Since(begun).Seconds())
	for _, kind := range []string{"word", "typo", "two words", "nothing"} {
		measured(t, service, kind, func() string { return asked(kind, chance, words) })
	}
	memory(t, service, "with 10,000 courses")
}

func word(chance *rand.Rand) string {
	text := ""
	for range 2 + chance.IntN(3) {
		text += string("bcdfghklmnprstvz"[chance.IntN(16)]) + string("aeiou"[chance.IntN(5)])
	}
	return text
}

// title has words of which a few are frequent and most are not.
func title(chance *rand.Rand, words []string) string {
	text := make([]string, 5)
	for i := range text {
		text[i] = words[int(float64(len(words))*chance.Float64()*chance.Float64()*chance.Float64())]
	}
	return strings.Join(text, " ")
}

func asked(kind string, chance *rand.Rand, words []string) string {
	one := words[chance.IntN(len(words))]
	switch kind {
	case "typo":
		return one[:1] + one[2:] + "x"
	case "two words":
		return one + " " + words[chance.IntN(50)]
	case "nothing":
		return ""
	}
	return one
}

func measured(t *testing.T, service *service, kind string, query func() string) {
	var took []time.Duration
	for range 1_000 {
		request := &searchv1.SearchRequest{Query: query()}
		begun := time.Now()
		if _, err := service.Search(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	t.Logf("%s: p50 %.1f ms, p99 %.1f ms", kind, took[500].Seconds()*1e3, took[990].Seconds()*1e3)
}

func memory(t *testing.T, service *service, when string) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", service.process.Process.Pid))
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "RssAnon") {
			t.Logf("%s: %s", when, strings.Join(strings.Fields(line), " "))
		}
	}
}
