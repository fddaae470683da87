package wire

import (
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
	"github.com/coursemesh/coursemesh/services/search/domain"
	"github.com/coursemesh/coursemesh/services/search/usecases"
)

// Size brings a page size into its bounds.
func Size(asked int32, otherwise, most int) int {
	if asked <= 0 {
		return otherwise
	}
	return min(int(asked), most)
}

// Query is what a search request asks for.
func Query(request *searchv1.SearchRequest) (domain.Query, error) {
	after, err := cursor(request)
	if err != nil {
		return domain.Query{}, err
	}
	query := domain.Query{
		Text:      request.GetQuery(),
		Tags:      request.GetTags(),
		Languages: request.GetLanguages(),
		MinAmount: request.GetMinAmountMinor(),
		MaxAmount: request.MaxAmountMinor,
		Size:      Size(request.GetPageSize(), 20, 100),
		After:     after,
	}
	for _, level := range request.GetLevels() {
		query.Levels = append(query.Levels, domain.Level(level))
	}
	return query, nil
}

// Found is the answer to a search request.
func Found(request *searchv1.SearchRequest, found domain.Found) *searchv1.SearchResponse {
	answer := &searchv1.SearchResponse{TotalSize: found.Total, NextPageToken: token(request, found.Next)}
	for _, hit := range found.Hits {
		made := &searchv1.Hit{Course: Summary(hit.Summary), Score: hit.Score}
		for _, highlight := range hit.Highlights {
			made.Highlights = append(made.Highlights, &searchv1.Highlight{
				Field: highlight.Field, Fragment: highlight.Fragment,
			})
		}
		answer.Hits = append(answer.Hits, made)
	}
	for _, facet := range found.Facets {
		answer.Facets = append(answer.Facets, counted(facet))
	}
	return answer
}

func counted(facet domain.Facet) *searchv1.Facet {
	made := &searchv1.Facet{Field: facet.Field}
	for _, each := range facet.Values {
		value := each.Value
		if facet.Field == "level" {
			value = levelName(value)
		}
		made.Values = append(made.Values, &searchv1.FacetValue{Value: value, Count: each.Count})
	}
	return made
}

// levelName is how the contract calls a level.
func levelName(value string) string {
	number, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return value
	}
	return searchv1.Level(number).String()
}

// Summary is a course as it is shown.
func Summary(summary domain.Summary) *searchv1.CourseSummary {
	course := summary.Course
	return &searchv1.CourseSummary{
		CourseId: course.ID, Title: course.Title, Summary: course.Summary, Level: searchv1.Level(course.Level),
		Language: course.Language, Tags: course.Tags, LearnerCount: summary.Learners,
		Price: &searchv1.Money{AmountMinor: course.Price.AmountMinor, CurrencyCode: course.Price.CurrencyCode},
	}
}

// Recommended is the answer to a request for recommendations.
func Recommended(found []domain.Summary) *searchv1.RecommendResponse {
	answer := &searchv1.RecommendResponse{}
	for _, summary := range found {
		answer.Courses = append(answer.Courses, Summary(summary))
	}
	return answer
}

// Status is the index as it stands.
func Status(status usecases.Status) *searchv1.IndexStatus {
	made := &searchv1.IndexStatus{
		DocumentCount: status.Count, BuildTime: timestamppb.New(status.Built), Rebuilding: status.Rebuilding,
	}
	for _, each := range status.Progress {
		made.Positions = append(made.Positions, &searchv1.StreamPosition{
			Stream: each.Stream, AppliedSequence: each.Position.Sequence, Lag: each.Lag,
		})
	}
	return made
}
