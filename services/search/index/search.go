package index

import (
	"container/heap"
	"context"
	"strconv"

	bleve "github.com/blevesearch/bleve_index_api"
	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// How many documents are looked at between two looks at the clock.
const lookAtClock = 1_024

// Search finds a page of courses, and counts all that are found.
func (x *Index) Search(ctx context.Context, query domain.Query) (domain.Found, error) {
	reader, err := x.text.Reader()
	if err != nil {
		return domain.Found{}, err
	}
	defer reader.Close()
	pages, err := collected(ctx, reader, query)
	if err != nil {
		return domain.Found{}, err
	}
	found := domain.Found{Total: pages.total, Facets: pages.counts.facets()}
	best := pages.best()
	if len(best) > query.Size {
		best = best[:query.Size]
		last := best[query.Size-1]
		found.Next = &domain.Cursor{Score: last.score, ID: last.id}
	}
	found.Hits, err = x.hits(best, query.Terms)
	return found, err
}

// hits are the found courses as the ledger has them. What left the catalog a moment ago is left out.
func (x *Index) hits(best []ranked, terms []domain.Term) ([]domain.Hit, error) {
	var hits []domain.Hit
	err := x.ledger.View(func(tx *bolt.Tx) error {
		for _, each := range best {
			id, err := packed(each.id)
			if err != nil {
				return err
			}
			course, known, err := readWhole(tx, id)
			if err != nil {
				return err
			}
			if known && course.Listed {
				summary := domain.Summary{Course: course, Learners: number(tx.Bucket(learners).Get(id))}
				hits = append(hits, domain.Hit{
					Summary: summary, Score: each.score, Highlights: domain.Highlights(course, terms),
				})
			}
		}
		return nil
	})
	return hits, err
}

// collector goes through the documents that match and keeps the best after the cursor.
type collector struct {
	query  domain.Query
	filter filter
	ids    values
	prices values
	facets values
	counts counts
	page   page
	total  int64
}

func collected(ctx context.Context, reader bleve.IndexReader, query domain.Query) (*collector, error) {
	c := &collector{query: query, counts: counts{}}
	if err := c.prepare(ctx, reader); err != nil {
		return nil, err
	}
	if query.Text == "" {
		return c, c.all(ctx, reader)
	}
	scores, err := matched(ctx, reader, query.Terms)
	if err != nil {
		return nil, err
	}
	for document, score := range scores {
		if document%lookAtClock == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if score > 0 {
			if err := c.look(uint64(document), score); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func (c *collector) prepare(ctx context.Context, reader bleve.IndexReader) (err error) {
	if c.filter, err = filterOf(ctx, reader, c.query); err != nil {
		return err
	}
	if c.ids, err = valuesOf(reader, idField); err != nil {
		return err
	}
	if c.prices, err = valuesOf(reader, amountField); err != nil {
		return err
	}
	c.facets, err = valuesOf(reader, demandField)
	return err
}

// all looks at every document; one is as good as another.
func (c *collector) all(ctx context.Context, reader bleve.IndexReader) error {
	every, err := reader.DocIDReaderAll()
	if err != nil {
		return err
	}
	defer every.Close()
	for seen := 0; ; seen++ {
		id, err := every.Next()
		if err != nil || id == nil {
			return err
		}
		if seen%lookAtClock == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.look(id.Value(), 0); err != nil {
			return err
		}
	}
}

// look counts a document in, if the filter lets it, and keeps it if it is among the best.
func (c *collector) look(document uint64, score float64) error {
	if lets, err := c.lets(document); err != nil || !lets {
		return err
	}
	c.total++
	if err := c.facets.visit(document, c.counts.count); err != nil {
		return err
	}
	if len(c.page) > c.query.Size && score < c.page[0].score {
		return nil
	}
	found := ranked{score: score}
	if err := c.ids.visit(document, func(_ string, id []byte) { found.id = string(id) }); err != nil {
		return err
	}
	c.keep(found)
	return nil
}

func (c *collector) lets(document uint64) (bool, error) {
	if !c.filter.lets(document) || c.filter.price == nil {
		return c.filter.lets(document), nil
	}
	var amount int64
	err := c.prices.visit(document, func(_ string, value []byte) { amount, _ = strconv.ParseInt(string(value), 10, 64) })
	return c.filter.price(amount), err
}

func (c *collector) keep(found ranked) {
	if after := c.query.After; after != nil && !found.after(ranked{after.Score, after.ID}) {
		return
	}
	if len(c.page) <= c.query.Size {
		heap.Push(&c.page, found)
	} else if c.page[0].after(found) {
		c.page[0] = found
		heap.Fix(&c.page, 0)
	}
}

// best are the best documents, one more than a page has if there are more.
func (c *collector) best() []ranked {
	sorted := make([]ranked, len(c.page))
	for i := len(sorted) - 1; i >= 0; i-- {
		sorted[i] = heap.Pop(&c.page).(ranked)
	}
	return sorted
}

// ranked is a document that was found.
type ranked struct {
	score float64
	id    string
}

// after says whether it comes after the other: the higher score first, then the lower id.
func (r ranked) after(other ranked) bool {
	return r.score < other.score || r.score == other.score && r.id > other.id
}

// page is a heap with the last of the best on top.
type page []ranked

func (p page) Len() int           { return len(p) }
func (p page) Less(i, j int) bool { return p[i].after(p[j]) }
func (p page) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

// Push is the heap's.
func (p *page) Push(found any) { *p = append(*p, found.(ranked)) }

// Pop is the heap's.
func (p *page) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
