package index

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// BenchmarkSearch searches 10,000 courses after 1,000 updates. It tells the 50th and 99th percentile and the size of
// the index on the disk:
//
//	go test ./services/search/index -run '^$' -bench Search -benchtime 2000x
func BenchmarkSearch(b *testing.B) {
	chance := rand.New(rand.NewPCG(1, 2))
	into := opened(b)
	fill(b, into, chance)
	for name, query := range map[string]func() domain.Query{
		"word":    func() domain.Query { return domain.Query{Text: vocabulary[chance.IntN(len(vocabulary))]} },
		"typo":    func() domain.Query { return domain.Query{Text: misspelled(chance)} },
		"words":   func() domain.Query { return domain.Query{Text: misspelled(chance) + " " + misspelled(chance) + " pra"} },
		"filter":  func() domain.Query { return domain.Query{Text: "python", Tags: []string{"java"}} },
		"nothing": func() domain.Query { return domain.Query{} },
	} {
		b.Run(name, func(b *testing.B) { percentiles(b, into, query) })
	}
	b.Run("size", func(b *testing.B) { b.ReportMetric(float64(bytesIn(b, into.dir))/1e6, "MB") })
}

func fill(b *testing.B, into *Index, chance *rand.Rand) {
	b.Helper()
	var batch []domain.Course
	for number := range 10_000 {
		if batch = append(batch, invented(chance, number)); len(batch) == 500 {
			keep(b, into, batch...)
			batch = nil
		}
	}
	begun := time.Now()
	for range 1_000 {
		changed := invented(chance, chance.IntN(10_000))
		changed.Version = 2
		keep(b, into, changed)
	}
	b.Logf("1,000 updates, one by one: %.2f s", time.Since(begun).Seconds())
}

func misspelled(chance *rand.Rand) string {
	word := []byte(vocabulary[chance.IntN(len(vocabulary))])
	word[1+chance.IntN(len(word)-1)] = byte('a' + chance.IntN(26))
	return string(word)
}

func percentiles(b *testing.B, in *Index, query func() domain.Query) {
	var took []time.Duration
	for range b.N {
		asked := query()
		begun := time.Now()
		searchFor(b, in, asked)
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func bytesIn(b *testing.B, dir string) int64 {
	var total int64
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return total
}
