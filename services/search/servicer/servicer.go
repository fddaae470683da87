// Package servicer is the RPCs of the search service.
package servicer

import (
	"context"
	"regexp"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
	"github.com/coursemesh/coursemesh/services/search/chassis"
	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
	"github.com/coursemesh/coursemesh/services/search/usecases"
	"github.com/coursemesh/coursemesh/services/search/wire"
)

// Access is what each RPC asks of its caller.
var Access = map[string]chassis.Access{
	searchv1.SearchService_Search_FullMethodName:         chassis.Public,
	searchv1.SearchService_Suggest_FullMethodName:        chassis.Public,
	searchv1.SearchService_GetIndexStatus_FullMethodName: chassis.Public,
	searchv1.SearchService_Recommend_FullMethodName:      chassis.SignedIn,
	searchv1.SearchService_RebuildIndex_FullMethodName:   chassis.Only(chassis.Admin),
}

var requestID = regexp.MustCompile(`^[\x21-\x7e]{1,64}$`)

// Servicer serves the RPCs from the editions of the index.
type Servicer struct {
	searchv1.UnimplementedSearchServiceServer
	Editions *usecases.Editions
}

// Search finds courses by text and filters.
func (s *Servicer) Search(ctx context.Context, request *searchv1.SearchRequest) (*searchv1.SearchResponse, error) {
	query, err := wire.Query(request)
	if err != nil {
		return nil, err
	}
	found, err := usecases.Search(ctx, s.Editions, query)
	return wire.Found(request, found), err
}

// Suggest completes what is being typed.
func (s *Servicer) Suggest(ctx context.Context, request *searchv1.SuggestRequest) (*searchv1.SuggestResponse, error) {
	found, err := usecases.Suggest(ctx, s.Editions, request.GetPrefix(), wire.Size(request.GetPageSize(), 10, 20))
	return &searchv1.SuggestResponse{Suggestions: found}, err
}

// Recommend finds courses for the caller.
func (s *Servicer) Recommend(
	ctx context.Context, request *searchv1.RecommendRequest,
) (*searchv1.RecommendResponse, error) {
	size := wire.Size(request.GetPageSize(), 10, 50)
	found, err := usecases.Recommend(ctx, s.Editions, chassis.CallerOf(ctx).ID, size)
	return wire.Recommended(found), err
}

// GetIndexStatus tells how far this replica's index has come.
func (s *Servicer) GetIndexStatus(
	ctx context.Context, _ *searchv1.GetIndexStatusRequest,
) (*searchv1.GetIndexStatusResponse, error) {
	status, err := s.Editions.Status(ctx)
	return &searchv1.GetIndexStatusResponse{Status: wire.Status(status)}, err
}

// RebuildIndex begins to build this replica's index anew.
func (s *Servicer) RebuildIndex(
	ctx context.Context, request *searchv1.RebuildIndexRequest,
) (*searchv1.RebuildIndexResponse, error) {
	var checks refusals.Checks
	checks.That(requestID.MatchString(request.GetRequestId()),
		"request_id", "give 1 to 64 printable characters that name this request")
	if err := checks.Refusal(); err != nil {
		return nil, err
	}
	if err := s.Editions.Rebuild(chassis.CallerOf(ctx).ID + " " + request.GetRequestId()); err != nil {
		return nil, err
	}
	status, err := s.Editions.Status(ctx)
	return &searchv1.RebuildIndexResponse{Status: wire.Status(status)}, err
}
