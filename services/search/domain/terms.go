package domain

import (
	"unicode"
	"unicode/utf8"
)

// Closeness is how near a word of a course comes to a word that is looked for. The steps are wider than any field's
// weight, so that what is written exactly comes before what begins so, and that before what may be a typing error.
type Closeness int

// From no match at all to the very word.
const (
	Apart  Closeness = 0
	TwoOff Closeness = 10
	OneOff Closeness = 20
	Begins Closeness = 40
	Exact  Closeness = 80
)

// How many different words of a query count, and how long a word may be for its typing errors to be forgiven.
const (
	mostTerms      = 24
	fuzzyUpTo      = 40
	oneErrorFrom   = 4
	twoErrorsFrom  = 8
	beginningsFrom = 2
)

// Term is a word that is looked for. Errors is how many typing errors are forgiven, Beginning whether a word that only
// begins so will do.
type Term struct {
	Text      string
	Errors    int
	Beginning bool
}

// Terms are the different words of a query. There is no other syntax: quotes, stars and signs mean nothing.
func Terms(query string) []Term {
	var terms []Term
	seen := map[string]bool{}
	for _, word := range Words(query) {
		if !seen[word.Text] && len(terms) < mostTerms {
			seen[word.Text] = true
			terms = append(terms, term(word.Text))
		}
	}
	return terms
}

func term(text string) Term {
	length := utf8.RuneCountInString(text)
	return Term{Text: text, Errors: forgiven(text, length), Beginning: length >= beginningsFrom}
}

func forgiven(text string, length int) int {
	switch {
	case length < oneErrorFrom || length > fuzzyUpTo || number(text):
		return 0
	case length < twoErrorsFrom:
		return 1
	default:
		return 2
	}
}

// number says whether a text has digits only: a year with a typing error is another year.
func number(text string) bool {
	for _, r := range text {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// Needed is how many of so many terms a course must have: all of one or two, two thirds of more.
func Needed(terms int) int { return terms - terms/3 }

// Match says how near a folded word comes to the term.
func (t Term) Match(word string) Closeness {
	switch {
	case word == t.Text:
		return Exact
	case t.Beginning && len(word) > len(t.Text) && word[:len(t.Text)] == t.Text:
		return Begins
	case t.Errors == 0:
		return Apart
	}
	switch made := edits([]rune(t.Text), []rune(word), t.Errors); {
	case made > t.Errors:
		return Apart
	case made == 1:
		return OneOff
	default:
		return TwoOff
	}
}

// edits is how many letters to insert, delete, replace or swap with their neighbor turn one text into the other; more
// than `most` when it takes more than that.
func edits(from, to []rune, most int) int {
	if len(from)-len(to) > most || len(to)-len(from) > most {
		return most + 1
	}
	before, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := range from {
		row[0] = i + 1
		least := row[0]
		for j := range to {
			row[j+1] = step(from, to, i, j, before, last, row)
			least = min(least, row[j+1])
		}
		if least > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}

func step(from, to []rune, i, j int, before, last, row []int) int {
	cost := 1
	if from[i] == to[j] {
		cost = 0
	}
	edits := min(last[j+1]+1, row[j]+1, last[j]+cost)
	if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
		edits = min(edits, before[j-1]+1)
	}
	return edits
}
