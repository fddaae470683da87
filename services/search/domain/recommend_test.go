package domain

import (
	"slices"
	"testing"
)

func TestWhatLearnersShareComesBeforeWhatIsPopular(t *testing.T) {
	ranked := Ranked([]Candidate{{"new", 0, 0}, {"hit", 1, 10_000}, {"old", 0, 500}, {"near", 3, 4}, {"later", 0, 500}})
	var ids []string
	for _, each := range ranked {
		ids = append(ids, each.ID)
	}
	if want := []string{"near", "hit", "old", "later", "new"}; !slices.Equal(ids, want) {
		t.Errorf("%q", ids)
	}
}

func TestASuggestionIsGivenOnceTheLikeliestFirst(t *testing.T) {
	got := Likeliest([]Suggestion{
		{"Data in Go", false, 90}, {"Go far", true, 5}, {"go", true, 7}, {"Go", true, 1}, {"A go", false, 100},
	}, 3)
	if want := []string{"go", "Go far", "A go"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestLanguagesAreTheSameWhateverTheirCase(t *testing.T) {
	for given, want := range map[string]string{"EN": "en", "pt-br": "pt-BR", "ZH-HANT-tw": "zh-Hant-TW", "": ""} {
		if got := Language(given); got != want {
			t.Errorf("%q is %q, not %q", given, got, want)
		}
	}
}
