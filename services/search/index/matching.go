package index

import (
	"cmp"
	"context"
	"math"
	"slices"

	bleve "github.com/blevesearch/bleve_index_api"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// How many different words of living documents one term of a query may stand for, beside itself, and how many words of
// the index are looked at to find them.
const (
	mostWords  = 200
	mostLooked = 20_000
)

// A word that so many courses have is no typing error.
const common = 50

// matching finds the documents that a query's terms match, by the number each has in the reader.
//
// The score is our own and comes of the living documents alone. That of the library also counts deleted ones until the
// segments they are in are merged, and two replicas would put the same courses in different orders.
type matching struct {
	ctx    context.Context
	reader bleve.IndexReader
	scores []float64 // of all terms so far
	terms  []uint16  // how many terms were matched
	best   []float64 // of the term in hand
	hit    []uint64  // which documents the term in hand matched

	posting bleve.TermFieldDoc
}

// matched are the scores of documents by their numbers; not positive for those that do not match.
func matched(ctx context.Context, reader bleve.IndexReader, terms []domain.Term) ([]float64, error) {
	total, err := reader.DocCount()
	if err != nil {
		return nil, err
	}
	m := &matching{ctx: ctx, reader: reader}
	for _, term := range terms {
		if err := m.term(term, float64(total)); err != nil {
			return nil, err
		}
	}
	needed := uint16(domain.Needed(len(terms)))
	for number := range m.scores {
		if m.terms[number] < needed {
			m.scores[number] = 0
		}
	}
	return m.scores, nil
}

// term adds what one term finds: of each document the best match, more for a rarer term.
func (m *matching) term(term domain.Term, total float64) error {
	exact, err := m.match(term)
	if err != nil {
		return err
	}
	rarity := 1 + math.Log((total+1)/(float64(exact)+1))/math.Log(total+2)
	for _, number := range m.hit {
		m.scores[number] += m.best[number] * rarity
		m.terms[number]++
		m.best[number] = 0
	}
	m.hit = m.hit[:0]
	return nil
}

// match fills `best` and `hit`, and says how many documents have the very word.
func (m *matching) match(term domain.Term) (int, error) {
	if _, err := m.word(term.Text, domain.Exact, searched); err != nil {
		return 0, err
	}
	exact := len(m.hit)
	near, err := m.near(term, exact < common)
	if err != nil {
		return 0, err
	}
	used := 0
	for _, each := range near {
		// A word that only deleted documents have does not count: another replica may not have it any more.
		found, err := m.word(each.text, each.closeness, searchedNear)
		if err != nil {
			return 0, err
		}
		if found {
			used++
		}
		if used == mostWords {
			break
		}
	}
	return exact, nil
}

// nearWord is a word of the index that will do for a term.
type nearWord struct {
	text      string
	closeness domain.Closeness
}

// near are the words of the index that will do for the term but for the term itself, the nearest and shortest first.
// errors: whether typing errors are forgiven.
func (m *matching) near(term domain.Term, errors bool) ([]nearWord, error) {
	words := map[string]domain.Closeness{}
	if !errors {
		term.Errors = 0
	}
	if term.Beginning {
		dict, err := m.reader.FieldDictPrefix(vocabularyField, []byte(term.Text))
		if err = m.look(dict, err, term, words); err != nil {
			return nil, err
		}
	}
	if fuzzy, able := m.reader.(bleve.IndexReaderFuzzy); able && term.Errors > 0 {
		dict, err := fuzzy.FieldDictFuzzy(vocabularyField, term.Text, term.Errors, "")
		if err = m.look(dict, err, term, words); err != nil {
			return nil, err
		}
	}
	near := make([]nearWord, 0, len(words))
	for text, closeness := range words {
		near = append(near, nearWord{text, closeness})
	}
	slices.SortFunc(near, func(a, b nearWord) int {
		return cmp.Or(cmp.Compare(b.closeness, a.closeness), len(a.text)-len(b.text), cmp.Compare(a.text, b.text))
	})
	return near, m.ctx.Err()
}

// look collects the words of a dictionary that will do for the term.
func (m *matching) look(dict bleve.FieldDict, err error, term domain.Term, words map[string]domain.Closeness) error {
	if err != nil {
		return err
	}
	defer dict.Close()
	for range mostLooked {
		entry, err := dict.Next()
		if err != nil || entry == nil {
			return err
		}
		if closeness := term.Match(entry.Term); closeness != domain.Apart && closeness != domain.Exact {
			words[entry.Term] = closeness
		}
	}
	return nil
}

// word notes the documents that have a word in these fields, and says whether there are any.
func (m *matching) word(word string, closeness domain.Closeness, fields []weighed) (bool, error) {
	found := false
	for _, field := range fields {
		// A short field says more by a word than a long one.
		err := m.postings(field.name, word, field.name != vocabularyField, func(document uint64, norm float64) {
			found = true
			m.note(document, float64(closeness)+field.weight*(1+norm)/2)
		})
		if err != nil {
			return false, err
		}
	}
	return found, m.ctx.Err()
}

func (m *matching) note(document uint64, score float64) {
	for uint64(len(m.scores)) <= document {
		m.scores, m.terms, m.best = append(m.scores, 0), append(m.terms, 0), append(m.best, 0)
	}
	if m.best[document] == 0 {
		m.hit = append(m.hit, document)
	}
	m.best[document] = max(m.best[document], score)
}

// postings visits the documents that have a word in a field. norm: 1 for a field of one word, less for longer ones; zero
// unless it is asked for.
func (m *matching) postings(field, word string, norm bool, visit func(document uint64, norm float64)) error {
	reader, err := m.reader.TermFieldReader(m.ctx, []byte(word), field, false, norm, false)
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		found, err := reader.Next(m.posting.Reset())
		if err != nil || found == nil {
			return err
		}
		visit(found.ID.Value(), found.Norm)
	}
}
