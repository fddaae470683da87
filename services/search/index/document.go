package index

import (
	"strconv"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	bleve "github.com/blevesearch/bleve_index_api"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// The fields of a course in the text index. Those of `searched` are looked in; `vocabulary` holds the words of all of
// them, so that words that are near are looked up once and not in each. The others filter, count and sort.
const (
	vocabularyField = "vocabulary"
	demandField     = "demand" // what a filter may demand, and a facet counts: each value after the letter of its kind
	amountField     = "amount"
	idField         = "id"
)

// weighed is a field that is looked in, and what a match in it weighs: less than the steps of closeness.
type weighed struct {
	name   string
	weight float64
}

// Where a word is looked for as it is written, and where those that are near: there may be many of them.
var (
	searched     = []weighed{{"title", 8}, {"tags", 5}, {"summary", 3}, {"lessons", 1}}
	searchedNear = []weighed{{"title", 8}, {"tags", 5}, {vocabularyField, 1}}
)

// byWords takes a text apart as queries and highlights do.
type byWords struct{}

func (byWords) Analyze(text []byte) analysis.TokenStream {
	words := domain.Words(string(text))
	tokens := make(analysis.TokenStream, len(words))
	for i, word := range words {
		tokens[i] = &analysis.Token{Term: []byte(word.Text), Start: word.Start, End: word.End, Position: i + 1}
	}
	return tokens
}

// whole takes a text as one word.
type whole struct{}

func (whole) Analyze(text []byte) analysis.TokenStream {
	return analysis.TokenStream{{Term: text, End: len(text), Position: 1}}
}

// The letters of what a filter may demand.
const (
	ofLevel    = "l"
	ofLanguage = "g"
	ofTag      = "t"
)

func demandable(course domain.Course) []string {
	values := []string{ofLevel + strconv.Itoa(int(course.Level)), ofLanguage + course.Language}
	for _, tag := range distinct(course.Tags) {
		values = append(values, ofTag+tag)
	}
	return values
}

func documentOf(course domain.Course) *document.Document {
	made := document.NewDocument(course.ID)
	add := func(field, text string, options bleve.FieldIndexingOptions, analyzer analysis.Analyzer) {
		made.AddField(document.NewTextFieldCustom(field, nil, []byte(text), options, analyzer))
	}
	text := func(field string, values ...string) {
		for _, value := range values {
			add(field, value, bleve.IndexField, byWords{})
			add(vocabularyField, value, bleve.IndexField|bleve.SkipFreqNorm, byWords{})
		}
	}
	text("title", course.Title)
	text("summary", course.Summary)
	text("tags", course.Tags...)
	text("lessons", course.Lessons...)
	for _, value := range demandable(course) {
		add(demandField, value, bleve.IndexField|bleve.DocValues|bleve.SkipFreqNorm, whole{})
	}
	add(amountField, strconv.FormatInt(course.Price.AmountMinor, 10), bleve.IndexField|bleve.DocValues, whole{})
	add(idField, course.ID, bleve.IndexField|bleve.DocValues, whole{})
	return made
}
