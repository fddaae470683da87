package domain

import (
	"cmp"
	"math"
	"slices"
)

// Candidate is a course that may be recommended: how many of those who learn with the caller take it, and how many
// learners it has at all.
type Candidate struct {
	ID       string
	Together int64
	Learners int64
}

// affinity is how much a course says of those who learn with the caller: what everybody takes says little.
func (c Candidate) affinity() float64 {
	return float64(c.Together) / math.Sqrt(float64(max(c.Learners, 1)))
}

// Ranked puts the likeliest first: what those who learn the same learn, then what is popular, then what is new (ids
// grow with time).
func Ranked(candidates []Candidate) []Candidate {
	slices.SortFunc(candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.affinity(), a.affinity()), cmp.Compare(b.Learners, a.Learners), cmp.Compare(b.ID, a.ID))
	})
	return candidates
}

// Suggestion is a title or a tag that may complete what is being typed. Whole says that it begins so itself, and not
// only one of its words; Weight is how many learners or courses stand behind it.
type Suggestion struct {
	Text   string
	Whole  bool
	Weight int64
}

// Likeliest are the texts of the likeliest suggestions, each once.
func Likeliest(suggestions []Suggestion, size int) []string {
	slices.SortFunc(suggestions, func(a, b Suggestion) int {
		return cmp.Or(rank(b.Whole)-rank(a.Whole), cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Text, b.Text))
	})
	var texts []string
	seen := map[string]bool{}
	for _, each := range suggestions {
		if folded := Phrase(each.Text); !seen[folded] && len(texts) < size {
			seen[folded] = true
			texts = append(texts, each.Text)
		}
	}
	return texts
}

func rank(holds bool) int {
	if holds {
		return 1
	}
	return 0
}
