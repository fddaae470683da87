package domain

import (
	"slices"
	"strings"
	"testing"
)

func fragments(course Course, query string) []string {
	var told []string
	for _, each := range Highlights(course, Terms(query)) {
		readable := strings.NewReplacer(matchStart, "[", matchEnd, "]").Replace(each.Fragment)
		told = append(told, each.Field+": "+readable)
	}
	return told
}

func TestMatchesStandBetweenTheirSigns(t *testing.T) {
	course := Course{
		Title: "Python <b>for</b> data", Summary: "Learn data with Python.", Tags: []string{"python", "web"},
		Lessons: []string{"Hello", "Python lists", "Python sets", "Python maps", "Pythons and others"},
	}
	for query, want := range map[string][]string{
		"python data": {
			"title: [Python] <b>for</b> [data]", "summary: Learn [data] with [Python].", "tags: [python]",
			"lessons: [Python] lists", "lessons: [Python] sets", "lessons: [Python] maps",
		},
		"pyhton": {
			"title: [Python] <b>for</b> data", "summary: Learn data with [Python].", "tags: [python]",
			"lessons: [Python] lists", "lessons: [Python] sets", "lessons: [Python] maps",
		},
		"dat":    {"title: Python <b>for</b> [data]", "summary: Learn [data] with Python."},
		"nought": nil,
		"":       nil,
	} {
		if got := fragments(course, query); !slices.Equal(got, want) {
			t.Errorf("%q: %q, not %q", query, got, want)
		}
	}
}

func TestATypingErrorIsNotMarkedBesideTheVeryWord(t *testing.T) {
	got := fragments(Course{Title: "Java", Summary: "No lava, but javascript"}, "java")
	if want := []string{"title: [Java]", "summary: No lava, but [javascript]"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestALongTextIsCutBetweenWords(t *testing.T) {
	filler := strings.Repeat("größe ", 80)
	got := fragments(Course{Summary: filler + "python " + filler}, "python")
	if len(got) != 1 || len(got[0]) > 400 || !strings.Contains(got[0], "[python]") {
		t.Fatalf("%q", got)
	}
	for _, word := range strings.Fields(strings.TrimPrefix(got[0], "summary: ")) {
		if word != "größe" && word != "[python]" {
			t.Errorf("%q is cut", word)
		}
	}
}

func TestSignsWrittenByPeopleDoNotPassForMatches(t *testing.T) {
	for _, each := range Highlights(Course{Title: "a \x02fake\x03 python"}, Terms("python")) {
		if want := "a  fake  " + matchStart + "python" + matchEnd; each.Fragment != want {
			t.Errorf("%q", each.Fragment)
		}
	}
}
