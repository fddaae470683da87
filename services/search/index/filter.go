package index

import (
	"context"
	"strconv"

	bleve "github.com/blevesearch/bleve_index_api"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// filter is what a query demands beside its text, each as the documents that have it; nil where it demands nothing.
type filter struct {
	demands []map[uint64]bool
	price   func(amount int64) bool
}

func filterOf(ctx context.Context, reader bleve.IndexReader, query domain.Query) (filter, error) {
	levels := make([]string, len(query.Levels))
	for i, level := range query.Levels {
		levels[i] = strconv.Itoa(int(level))
	}
	wanted := filter{price: priced(query)}
	if err := wanted.demand(ctx, reader, ofLevel, levels); err != nil {
		return filter{}, err
	}
	if err := wanted.demand(ctx, reader, ofLanguage, query.Languages); err != nil {
		return filter{}, err
	}
	for _, tag := range query.Tags {
		if err := wanted.demand(ctx, reader, ofTag, []string{tag}); err != nil {
			return filter{}, err
		}
	}
	return wanted, nil
}

// demand is one of these values of the kind; none of them is no demand.
func (f *filter) demand(ctx context.Context, reader bleve.IndexReader, kind string, values []string) error {
	if len(values) == 0 {
		return nil
	}
	having := map[uint64]bool{}
	m := matching{ctx: ctx, reader: reader}
	for _, value := range values {
		if err := m.postings(demandField, kind+value, false, func(document uint64, _ float64) { having[document] = true }); err != nil {
			return err
		}
	}
	f.demands = append(f.demands, having)
	return nil
}

func (f *filter) lets(document uint64) bool {
	for _, having := range f.demands {
		if !having[document] {
			return false
		}
	}
	return true
}

func priced(query domain.Query) func(int64) bool {
	if query.MinAmount == 0 && query.MaxAmount == nil {
		return nil
	}
	return func(amount int64) bool {
		return amount >= query.MinAmount && (query.MaxAmount == nil || amount <= *query.MaxAmount)
	}
}
