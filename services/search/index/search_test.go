package index

import (
	"slices"
	"testing"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

func shelfOfCourses(t *testing.T) *Index {
	return holding(t,
		course(1, "Python for Beginners", tagged("python", "programming"), summed("Learn to write programs."),
			teaching("Hello world", "Loops"), costing(0)),
		course(2, "Data Science", tagged("data", "python"), summed("Statistics and plots."), leveled(domain.Intermediate)),
		course(3, "JavaScript on the Web", tagged("web"), summed("Pages that move."), teaching("What Java is not")),
		course(4, "Java in Depth", tagged("programming"), leveled(domain.Advanced), costing(5000)),
		course(5, "Fotografía básica", tagged("arte"), spoken("es"), summed("Luz y sombra.")),
		course(6, "Kubernetes in Practice", tagged("devops"), leveled(domain.Advanced), costing(9900)),
		course(7, "C++ and C#", tagged("programming"), spoken("pt-BR")),
		course(8, "Gardening", summed("Roses, and a python in the reeds."), spoken("de")),
	)
}

func TestQueriesFindWhatPeopleMean(t *testing.T) {
	in := shelfOfCourses(t)
	for query, want := range map[string][]string{
		"python":               {"Python for Beginners", "Data Science", "Gardening"},
		"pyhton":               {"Python for Beginners", "Data Science", "Gardening"},
		"PYTHON":               {"Python for Beginners", "Data Science", "Gardening"},
		"pyth":                 {"Python for Beginners", "Data Science", "Gardening"},
		"java":                 {"Java in Depth", "JavaScript on the Web"},
		"kuberntes":            {"Kubernetes in Practice"},
		"kubrnets":             {"Kubernetes in Practice"},
		"fotografia basica":    {"Fotografía básica"},
		"c++":                  {"C++ and C#"},
		"c#":                   {"C++ and C#"},
		"loops":                {"Python for Beginners"},
		"begginers pithon":     {"Python for Beginners"},
		"learn python quickly": {"Python for Beginners"},
		"zzzzzz":               {},
		"!!!":                  {},
		"python kubernetes":    {},
		"title:python":         {},
	} {
		if got := titles(searchFor(t, in, domain.Query{Text: query})); !slices.Equal(got, want) {
			t.Errorf("%q finds %q, not %q", query, got, want)
		}
	}
}

func TestWhatLooksLikeAnOperatorIsAWord(t *testing.T) {
	in := shelfOfCourses(t)
	for _, query := range []string{"+python -data", "python~5", "\"python\"", "python^9", "/pyth.n/", "(python)", "python*"} {
		if got := titles(searchFor(t, in, domain.Query{Text: query})); slices.Contains(got, "Kubernetes in Practice") {
			t.Errorf("%q finds %q", query, got)
		}
	}
	if got := titles(searchFor(t, in, domain.Query{Text: "\"data science\""})); !slices.Equal(got, []string{"Data Science"}) {
		t.Errorf("quotes mean something: %q", got)
	}
}

func TestFiltersLeaveOnlyWhatTheyDemand(t *testing.T) {
	in, zero, five := shelfOfCourses(t), int64(0), int64(5000)
	for name, c := range map[string]struct {
		query domain.Query
		want  []string
	}{
		"a level":       {domain.Query{Levels: []domain.Level{domain.Advanced}}, []string{"Java in Depth", "Kubernetes in Practice"}},
		"two levels":    {domain.Query{Text: "python", Levels: []domain.Level{1, 2}}, []string{"Python for Beginners", "Data Science", "Gardening"}},
		"all tags":      {domain.Query{Tags: []string{"python", "data"}}, []string{"Data Science"}},
		"a tag unknown": {domain.Query{Tags: []string{"python", "none"}}, []string{}},
		"languages":     {domain.Query{Languages: []string{"DE", "pt-br"}}, []string{"C++ and C#", "Gardening"}},
		"free":          {domain.Query{MaxAmount: &zero}, []string{"Python for Beginners"}},
		"a price range": {domain.Query{MinAmount: 1001, MaxAmount: &five}, []string{"Java in Depth"}},
		"at least":      {domain.Query{MinAmount: 5000}, []string{"Java in Depth", "Kubernetes in Practice"}},
	} {
		found := searchFor(t, in, c.query)
		if got := titles(found); !slices.Equal(got, c.want) || found.Total != int64(len(c.want)) {
			t.Errorf("%s: %q of %d, not %q", name, got, found.Total, c.want)
		}
	}
}

func TestFacetsCountWhatIsFoundOnAllPages(t *testing.T) {
	found := searchFor(t, shelfOfCourses(t), domain.Query{Text: "python", Size: 1})
	want := []domain.Facet{
		{Field: "level", Values: []domain.FacetValue{{Value: "1", Count: 2}, {Value: "2", Count: 1}}},
		{Field: "language", Values: []domain.FacetValue{{Value: "en", Count: 2}, {Value: "de", Count: 1}}},
		{Field: "tags", Values: []domain.FacetValue{
			{Value: "python", Count: 2}, {Value: "data", Count: 1}, {Value: "programming", Count: 1},
		}},
	}
	if found.Total != 3 || !slices.EqualFunc(found.Facets, want, sameFacet) {
		t.Errorf("%d: %+v", found.Total, found.Facets)
	}
}

func sameFacet(a, b domain.Facet) bool {
	return a.Field == b.Field && slices.Equal(a.Values, b.Values)
}

func TestAFacetTellsTwentyValuesAtMost(t *testing.T) {
	var courses []domain.Course
	for number := range 30 {
		courses = append(courses, course(number, "One of many", tagged("common", vocabulary[number])))
	}
	tags := searchFor(t, holding(t, courses...), domain.Query{}).Facets[2]
	if len(tags.Values) != 20 || tags.Values[0] != (domain.FacetValue{Value: "common", Count: 30}) {
		t.Errorf("%d values, the first %v", len(tags.Values), tags.Values[0])
	}
}

func TestPagesShowEveryHitOnceInOneOrder(t *testing.T) {
	var courses []domain.Course
	for number := range 57 {
		courses = append(courses, course(number, "Python again"))
	}
	in := holding(t, courses...)
	for _, text := range []string{"python", ""} {
		query, ids := domain.Query{Text: text, Size: 10}, []string{}
		for {
			found := searchFor(t, in, query)
			if found.Total != 57 {
				t.Fatalf("%d in all", found.Total)
			}
			for _, hit := range found.Hits {
				ids = append(ids, hit.Course.ID)
			}
			if query.After = found.Next; found.Next == nil {
				break
			}
		}
		if len(ids) != 57 || !slices.IsSorted(ids) {
			t.Errorf("%q: %d hits, sorted %v", text, len(ids), slices.IsSorted(ids))
		}
	}
}

func TestAFullPageThatIsTheLastHasNoNext(t *testing.T) {
	in := holding(t, course(1, "One"), course(2, "Two"))
	if found := searchFor(t, in, domain.Query{Size: 2}); found.Next != nil || len(found.Hits) != 2 {
		t.Errorf("%+v", found)
	}
}

func TestASearchEndsWhenItsCallerIsGone(t *testing.T) {
	in := shelfOfCourses(t)
	ctx, cancel := contextOf(t)
	cancel()
	if _, err := in.Search(ctx, domain.Query{Size: 20}); err == nil {
		t.Error("it went on")
	}
}
