package domain

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

// The bounds of what may be asked, as the contract has them.
const (
	queryCharacters  = 200
	prefixCharacters = 100
	mostTags         = 10
	tagCharacters    = 40
	mostLanguages    = 20
	mostLevels       = 10
)

// Control characters have no place in a text; line breaks and tabs are white space.
var control = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]`)

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// Query asks for courses. An empty text asks for every course.
type Query struct {
	Text      string
	Terms     []Term
	Levels    []Level
	Tags      []string
	Languages []string
	MinAmount int64
	MaxAmount *int64
	Size      int
	After     *Cursor
}

// Cursor is the last hit of a page; the next page begins after it.
type Cursor struct {
	Score float64
	ID    string
}

// Found is a page of hits, how many there are on all pages, and those counted by field. Next is nil on the last page.
type Found struct {
	Hits   []Hit
	Next   *Cursor
	Total  int64
	Facets []Facet
}

// Hit is a course that was found.
type Hit struct {
	Summary
	Score      float64
	Highlights []Highlight
}

// Facet counts the found courses by one field, the most frequent value first.
type Facet struct {
	Field  string
	Values []FacetValue
}

// FacetValue is how many of the found courses share a value.
type FacetValue struct {
	Value string
	Count int64
}

// Checked is the query with its text taken apart and its filters in the form the index has them; a refusal names every
// field that is wrong.
func (q Query) Checked() (Query, error) {
	var checks refusals.Checks
	q.Text = checkText(&checks, "query", q.Text, queryCharacters)
	q.Tags = checkTags(&checks, q.Tags)
	q.Languages = checkLanguages(&checks, q.Languages)
	checkLevels(&checks, q.Levels)
	checks.That(q.MinAmount >= 0, "min_amount_minor", "give an amount that is not negative")
	if q.MaxAmount != nil {
		checks.That(*q.MaxAmount >= 0, "max_amount_minor", "give an amount that is not negative")
		checks.That(*q.MaxAmount >= q.MinAmount, "max_amount_minor", "give an amount that is not below min_amount_minor")
	}
	if err := checks.Refusal(); err != nil {
		return Query{}, err
	}
	q.Terms = Terms(q.Text)
	return q, nil
}

// Prefix is the beginning that is to be completed, folded; empty when there is nothing to complete.
func Prefix(typed string) (string, error) {
	var checks refusals.Checks
	typed = checkText(&checks, "prefix", typed, prefixCharacters)
	if err := checks.Refusal(); err != nil {
		return "", err
	}
	return Phrase(typed), nil
}

// Phrase is a text as it is compared when it is completed: its folded words, one space apart.
func Phrase(text string) string {
	words := Words(text)
	folded := make([]string, len(words))
	for i, word := range words {
		folded[i] = word.Text
	}
	return strings.Join(folded, " ")
}

func checkText(checks *refusals.Checks, field, text string, most int) string {
	text = strings.TrimSpace(text)
	checks.That(utf8.RuneCountInString(text) <= most, field, "give at most "+strconv.Itoa(most)+" characters")
	checks.That(!control.MatchString(text), field, "give no control characters")
	return text
}

func checkTags(checks *refusals.Checks, tags []string) []string {
	if checks.That(len(tags) <= mostTags, "tags", "give at most "+strconv.Itoa(mostTags)); len(tags) > mostTags {
		return nil
	}
	clean := make([]string, len(tags))
	for i, tag := range tags {
		field := "tags[" + strconv.Itoa(i) + "]"
		clean[i] = strings.ToLower(checkText(checks, field, tag, tagCharacters))
		checks.That(clean[i] != "", field, "give 1 to "+strconv.Itoa(tagCharacters)+" characters")
	}
	return clean
}

func checkLanguages(checks *refusals.Checks, languages []string) []string {
	most := len(languages) <= mostLanguages
	if checks.That(most, "languages", "give at most "+strconv.Itoa(mostLanguages)); !most {
		return nil
	}
	clean := make([]string, len(languages))
	for i, language := range languages {
		field := "languages[" + strconv.Itoa(i) + "]"
		checks.That(languageTag.MatchString(language), field, "give a language tag such as en or pt-BR")
		clean[i] = Language(language)
	}
	return clean
}

func checkLevels(checks *refusals.Checks, levels []Level) {
	if checks.That(len(levels) <= mostLevels, "levels", "give each level once"); len(levels) > mostLevels {
		return
	}
	for i, level := range levels {
		known := level >= Beginner && level <= Advanced
		checks.That(known, "levels["+strconv.Itoa(i)+"]", "give a level that there is")
	}
}
