package domain

import "testing"

func TestAWordMatchesAsCloseAsItIs(t *testing.T) {
	for _, c := range []struct {
		query, word string
		want        Closeness
	}{
		{"python", "python", Exact},
		{"pyth", "python", Begins},
		{"pyhton", "python", OneOff},
		{"pithon", "python", OneOff},
		{"pythn", "python", OneOff},
		{"pythonn", "python", OneOff},
		{"pithn", "python", Apart},
		{"java", "lava", OneOff},
		{"cat", "bat", Apart},
		{"ca", "cat", Begins},
		{"c", "cat", Apart},
		{"c", "c++", Apart},
		{"kuberentes", "kubernetes", OneOff},
		{"kubernets", "kubernetes", OneOff},
		{"kubrnets", "kubernetes", TwoOff},
		{"kbrnets", "kubernetes", Apart},
		{"fotographie", "photographie", TwoOff},
		{"2025", "2026", Apart},
		{"Привт", "привет", OneOff},
	} {
		terms := Terms(c.query)
		if len(terms) != 1 {
			t.Fatalf("%q has %d terms", c.query, len(terms))
		}
		if got := terms[0].Match(c.word); got != c.want {
			t.Errorf("%q to %q: %d, not %d", c.query, c.word, got, c.want)
		}
	}
}

func TestEachWordOfAQueryCountsOnceAndNotTooManyDo(t *testing.T) {
	if terms := Terms("go Go GO gö"); len(terms) != 1 {
		t.Errorf("%d terms", len(terms))
	}
	many := "a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4"
	if terms := Terms(many); len(terms) != mostTerms {
		t.Errorf("%d terms", len(terms))
	}
}

func TestOneWordInThreeMayBeMissing(t *testing.T) {
	for terms, want := range map[int]int{0: 0, 1: 1, 2: 2, 3: 2, 4: 3, 6: 4} {
		if got := Needed(terms); got != want {
			t.Errorf("of %d terms %d are needed, not %d", terms, got, want)
		}
	}
}
