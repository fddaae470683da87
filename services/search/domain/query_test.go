package domain

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

func amount(value int64) *int64 { return &value }

func TestBadInputIsRefusedFieldByField(t *testing.T) {
	for name, c := range map[string]struct {
		query  Query
		fields []string
	}{
		"a long query":             {Query{Text: strings.Repeat("ä", 201)}, []string{"query"}},
		"control characters":       {Query{Text: "a\x02b"}, []string{"query"}},
		"a null character":         {Query{Text: "a\x00b"}, []string{"query"}},
		"too many tags":            {Query{Tags: make([]string, 11)}, []string{"tags"}},
		"an empty tag":             {Query{Tags: []string{"ok", " "}}, []string{"tags[1]"}},
		"a long tag":               {Query{Tags: []string{strings.Repeat("x", 41)}}, []string{"tags[0]"}},
		"a level there is not":     {Query{Levels: []Level{1, 7, 0, -1}}, []string{"levels[1]", "levels[2]", "levels[3]"}},
		"too many levels":          {Query{Levels: make([]Level, 1000)}, []string{"levels"}},
		"a language that is none":  {Query{Languages: []string{"en", "e n", ""}}, []string{"languages[1]", "languages[2]"}},
		"too many languages":       {Query{Languages: make([]string, 21)}, []string{"languages"}},
		"a negative amount":        {Query{MinAmount: -1}, []string{"min_amount_minor"}},
		"a negative bound":         {Query{MaxAmount: amount(math.MinInt64)}, []string{"max_amount_minor"}},
		"bounds that cross":        {Query{MinAmount: 5, MaxAmount: amount(4)}, []string{"max_amount_minor"}},
		"several things at a time": {Query{Text: "\x07", MinAmount: -2}, []string{"query", "min_amount_minor"}},
	} {
		_, err := c.query.Checked()
		if got := fieldsOf(err); !slices.Equal(got, c.fields) {
			t.Errorf("%s: refused for %q, not %q", name, got, c.fields)
		}
	}
}

func fieldsOf(err error) []string {
	var refusal *refusals.Refusal
	if !errors.As(err, &refusal) {
		return nil
	}
	var fields []string
	for _, violation := range refusal.Violations {
		fields = append(fields, violation.Field)
	}
	return fields
}

func TestGoodInputIsBroughtIntoForm(t *testing.T) {
	query := Query{
		Text: "  Go\tand\nRust ", Tags: []string{" Web "}, Languages: []string{"PT-br"}, MaxAmount: amount(0),
		Levels: []Level{Advanced},
	}
	checked, err := query.Checked()
	if err != nil {
		t.Fatal(err)
	}
	if len(checked.Terms) != 3 || checked.Tags[0] != "web" || checked.Languages[0] != "pt-BR" {
		t.Errorf("%+v", checked)
	}
	if long := strings.Repeat("ä", 200); len(long) == 400 {
		if _, err := (Query{Text: long}).Checked(); err != nil {
			t.Errorf("200 characters are refused: %v", err)
		}
	}
}

func TestAPrefixIsChecked(t *testing.T) {
	if _, err := Prefix(strings.Repeat("x", 101)); !slices.Equal(fieldsOf(err), []string{"prefix"}) {
		t.Errorf("%v", err)
	}
	if got, err := Prefix("  Día  de "); got != "dia de" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
