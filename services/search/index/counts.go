package index

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// How many values a facet tells.
const facetValues = 20

// The facets, as they are called outside, by the letter of their kind.
var facetNames = []struct{ kind, name string }{{ofLevel, "level"}, {ofLanguage, "language"}, {ofTag, "tags"}}

// counts counts what may be demanded of documents.
type counts map[string]*int64

func (c counts) count(_ string, value []byte) {
	if counter, known := c[string(value)]; known { // looked up without a copy of the bytes
		*counter++
		return
	}
	one := int64(1)
	c[string(value)] = &one
}

// facets are the counts by kind, the most frequent value first and equals by value.
func (c counts) facets() []domain.Facet {
	facets := make([]domain.Facet, len(facetNames))
	for i, facet := range facetNames {
		facets[i] = domain.Facet{Field: facet.name, Values: c.most(facet.kind)}
	}
	return facets
}

func (c counts) most(kind string) []domain.FacetValue {
	var values []domain.FacetValue
	for text, counter := range c {
		if value, of := strings.CutPrefix(text, kind); of {
			values = append(values, domain.FacetValue{Value: value, Count: *counter})
		}
	}
	slices.SortFunc(values, func(a, b domain.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return values[:min(len(values), facetValues)]
}

// newest are the names with the latest times, so many at most.
func newest(times map[string]string, most int) []string {
	names := make([]string, 0, len(times))
	for name := range times {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(times[b], times[a]) })
	return names[:min(len(names), most)]
}
