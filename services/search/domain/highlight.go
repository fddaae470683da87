package domain

import (
	"strings"
	"unicode/utf8"
)

// Highlight is a part of a field that matched. In the fragment matches stand between U+0002 and U+0003.
type Highlight struct {
	Field, Fragment string
}

const (
	matchStart, matchEnd = "\x02", "\x03"
	// How many fragments a field of many values gives, and how much of a long text is shown before and after a match.
	mostFragments  = 3
	bytesAround    = 80
	wordsHighlight = 4_000
)

type fieldText struct{ field, text string }

type mark struct {
	start, end int
	term       int
	closeness  Closeness
}

// Highlights are the parts of the course that the terms match: of each term the best it matches, and beginnings.
func Highlights(course Course, terms []Term) []Highlight {
	texts, matcher := textsOf(course), newMatcher(terms)
	marks := make([][]mark, len(texts))
	for i, each := range texts {
		marks[i] = matcher.marks(each.text)
	}
	var highlights []Highlight
	given := map[string]int{}
	for i, each := range texts {
		kept := matcher.worth(marks[i])
		if len(kept) == 0 || given[each.field] == mostFragments {
			continue
		}
		given[each.field]++
		highlights = append(highlights, Highlight{each.field, fragment(each.text, kept)})
	}
	return highlights
}

func textsOf(course Course) []fieldText {
	texts := []fieldText{{"title", course.Title}, {"summary", course.Summary}}
	for _, tag := range course.Tags {
		texts = append(texts, fieldText{"tags", tag})
	}
	for _, lesson := range course.Lessons {
		texts = append(texts, fieldText{"lessons", lesson})
	}
	return texts
}

// matcher finds terms in the texts of one course, looking at each different word once and at so many words at most.
type matcher struct {
	terms []Term
	known map[string]mark
	best  []Closeness
	left  int
}

func newMatcher(terms []Term) *matcher {
	return &matcher{terms: terms, known: map[string]mark{}, best: make([]Closeness, len(terms)), left: wordsHighlight}
}

func (m *matcher) marks(text string) []mark {
	var marks []mark
	if m.left <= 0 {
		return nil
	}
	for _, word := range Words(text) {
		m.left--
		if found := m.match(word.Text); found.closeness != Apart {
			found.start, found.end = word.Start, word.End
			marks = append(marks, found)
		}
	}
	return marks
}

// match is the term that the word comes nearest to.
func (m *matcher) match(word string) mark {
	if known, ok := m.known[word]; ok {
		return known
	}
	nearest := mark{}
	for i, term := range m.terms {
		closeness := term.Match(word)
		m.best[i] = max(m.best[i], closeness)
		if closeness > nearest.closeness {
			nearest.term, nearest.closeness = i, closeness
		}
	}
	m.known[word] = nearest
	return nearest
}

// worth are the marks to show: a word that may be a typing error is not, beside the very word.
func (m *matcher) worth(marks []mark) []mark {
	var kept []mark
	for _, each := range marks {
		if each.closeness >= min(m.best[each.term], Begins) {
			kept = append(kept, each)
		}
	}
	return kept
}

// fragment is the text around the first match, with every match in it between its signs.
func fragment(text string, marks []mark) string {
	from, to := around(text, marks[0])
	var told strings.Builder
	at := from
	for _, each := range marks {
		if each.end > to {
			break
		}
		told.WriteString(harmless(text[at:each.start]) + matchStart + text[each.start:each.end] + matchEnd)
		at = each.end
	}
	told.WriteString(harmless(text[at:to]))
	return told.String()
}

// around is the part of a text to show, cut between words.
func around(text string, first mark) (int, int) {
	from, to := max(0, first.start-bytesAround), min(len(text), first.end+2*bytesAround)
	for from > 0 && from < first.start && !boundary(text, from) {
		from++
	}
	for to < len(text) && to > first.end && !boundary(text, to) {
		to--
	}
	return from, to
}

func boundary(text string, at int) bool {
	if !utf8.RuneStart(text[at]) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return !wordly(before) || !wordly(after)
}

// harmless takes the signs of a match out of what was written by people.
func harmless(text string) string {
	return strings.NewReplacer(matchStart, " ", matchEnd, " ").Replace(text)
}
