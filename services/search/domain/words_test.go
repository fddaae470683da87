package domain

import (
	"slices"
	"testing"
)

func TestWordsAreFoldedAndKeepTheirPlace(t *testing.T) {
	for text, want := range map[string][]string{
		"Hello, World!":         {"hello", "world"},
		"C++ and C# in 2026":    {"c++", "and", "c#", "in", "2026"},
		"Café Über straße":      {"cafe", "uber", "strasse"},
		"don't stop":            {"dont", "stop"},
		"it’s new":              {"its", "new"},
		"日本語入門":                 {"日", "本", "語", "入", "門"},
		"Привет, мир":           {"привет", "мир"},
		"ＦＵＬＬ width":            {"full", "width"},
		"title:\"x\" AND -y~2*": {"title", "x", "and", "y", "2"},
		"#hashtag a#b":          {"hashtag", "a", "b"},
		"\u0301 \u200d !?":      nil,
		"":                      nil,
	} {
		words := Words(text)
		var got []string
		for _, word := range words {
			got = append(got, word.Text)
			if folded := Fold(text[word.Start:word.End]); folded != word.Text {
				t.Errorf("%q: %q is not at its place, which has %q", text, word.Text, folded)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q has the words %q, not %q", text, got, want)
		}
	}
}

func TestABrokenTextHasWordsToo(t *testing.T) {
	for _, word := range Words("abc\xffdef\xc3") {
		if word.Text == "" || word.End <= word.Start {
			t.Errorf("%+v is no word", word)
		}
	}
}

func TestALongRunOfLettersIsCut(t *testing.T) {
	long := make([]byte, 10_000)
	for i := range long {
		long[i] = 'a'
	}
	for _, word := range Words(string(long)) {
		if len(word.Text) > 2*wordBytes {
			t.Errorf("a word of %d bytes", len(word.Text))
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("C++ für 日本, don't")
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, word := range Words(text) {
			if word.Start < at || word.End <= word.Start || word.End > len(text) {
				t.Fatalf("%q: %+v is out of place", text, word)
			}
			at = word.End
		}
		Highlights(Course{Title: text, Summary: text, Lessons: []string{text}}, Terms(text))
	})
}
