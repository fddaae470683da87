package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
)

func ptr(value int64) *int64 { return &value }

// reasonOf is the reason in an error, and the fields that it says are wrong.
func reasonOf(err error) (string, []string) {
	reason, fields := "", []string(nil)
	for _, each := range status.Convert(err).Details() {
		switch detail := each.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.GetReason()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				fields = append(fields, violation.GetField())
			}
		}
	}
	return reason, fields
}

func TestTheAnswerHasWhatTheContractSays(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	broker.publish(published(1, "Python for all"), activated(1, 1, 1))
	service := started(t, broker, users, t.TempDir())
	answer, err := service.Search(t.Context(), &searchv1.SearchRequest{Query: "welcome pyton"})
	if err != nil || len(answer.GetHits()) != 1 {
		t.Fatalf("%v, %v", answer, err)
	}
	want := &searchv1.CourseSummary{
		CourseId: courseID(1), Title: "Python for all", Summary: "About Python for all", Language: "en",
		Level: searchv1.Level_LEVEL_BEGINNER, Tags: []string{"learning"}, LearnerCount: 1,
		Price: &searchv1.Money{AmountMinor: 4900, CurrencyCode: "EUR"},
	}
	hit := answer.GetHits()[0]
	if !proto.Equal(hit.GetCourse(), want) || hit.GetScore() <= 0 || answer.GetTotalSize() != 1 {
		t.Errorf("%v", answer)
	}
	var marked []string
	for _, highlight := range hit.GetHighlights() {
		marked = append(marked, highlight.GetField()+" "+highlight.GetFragment())
	}
	if expected := []string{
		"title \x02Python\x03 for all", "summary About \x02Python\x03 for all", "lessons \x02Welcome\x03",
	}; !slices.Equal(marked, expected) {
		t.Errorf("%q", marked)
	}
	if level := answer.GetFacets()[0].GetValues()[0]; level.GetValue() != "LEVEL_BEGINNER" || level.GetCount() != 1 {
		t.Errorf("%v", answer.GetFacets())
	}
	suggested, err := service.Suggest(t.Context(), &searchv1.SuggestRequest{Prefix: "pyt"})
	if err != nil || !slices.Equal(suggested.GetSuggestions(), []string{"Python for all"}) {
		t.Errorf("%v, %v", suggested, err)
	}
	at := service.status()
	if at.GetDocumentCount() != 1 || len(at.GetPositions()) != 2 || at.GetBuildTime().AsTime().IsZero() ||
		at.GetPositions()[0].GetStream() != "COURSE" || at.GetPositions()[1].GetAppliedSequence() != 1 {
		t.Errorf("%v", at)
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	for number := range 25 {
		broker.publish(published(number, fmt.Sprintf("Python %02d", number)))
	}
	service := started(t, broker, users, t.TempDir())
	request, seen, pages := &searchv1.SearchRequest{Query: "python", PageSize: 10}, map[string]bool{}, 0
	for {
		answer, err := service.Search(t.Context(), request)
		if err != nil || answer.GetTotalSize() != 25 {
			t.Fatalf("%v, %v", answer.GetTotalSize(), err)
		}
		for _, hit := range answer.GetHits() {
			seen[hit.GetCourse().GetCourseId()] = true
		}
		pages++
		if request.PageToken = answer.GetNextPageToken(); request.PageToken == "" {
			break
		}
		request.PageSize = 10 + int32(pages) // the size may change from page to page
	}
	if len(seen) != 25 || pages != 3 {
		t.Errorf("%d courses on %d pages", len(seen), pages)
	}
	answer, _ := service.Search(t.Context(), &searchv1.SearchRequest{Query: "python", PageSize: 1})
	_, err := service.Search(t.Context(), &searchv1.SearchRequest{Query: "rust", PageToken: answer.GetNextPageToken()})
	if _, fields := reasonOf(err); !slices.Equal(fields, []string{"page_token"}) {
		t.Errorf("the token of another query: %v", err)
	}
	for size, want := range map[int32]int{-5: 20, 0: 20, 1_000_000: 25, math.MaxInt32: 25, math.MinInt32: 20} {
		answer, err := service.Search(t.Context(), &searchv1.SearchRequest{PageSize: size})
		if err != nil || len(answer.GetHits()) != want {
			t.Errorf("a page of %d: %d, %v", size, len(answer.GetHits()), err)
		}
	}
}

func TestHostileInputIsRefusedOrHarmless(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	broker.publish(published(1, "Python <script>alert(1)</script>"), published(2, "'; DROP TABLE courses; --"))
	service := started(t, broker, users, t.TempDir())
	token := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct {
		request *searchv1.SearchRequest
		fields  []string
	}{
		"a long query":            {&searchv1.SearchRequest{Query: strings.Repeat("a", 201)}, []string{"query"}},
		"a huge query":            {&searchv1.SearchRequest{Query: strings.Repeat("a ", 1<<20)}, []string{"query"}},
		"control characters":      {&searchv1.SearchRequest{Query: "a\x00\x02b"}, []string{"query"}},
		"an unknown level":        {&searchv1.SearchRequest{Levels: []searchv1.Level{99}}, []string{"levels[0]"}},
		"a level not set":         {&searchv1.SearchRequest{Levels: []searchv1.Level{0}}, []string{"levels[0]"}},
		"many tags":               {&searchv1.SearchRequest{Tags: make([]string, 100_000)}, []string{"tags"}},
		"a negative price":        {&searchv1.SearchRequest{MinAmountMinor: -1}, []string{"min_amount_minor"}},
		"prices that cross":       {&searchv1.SearchRequest{MinAmountMinor: 2, MaxAmountMinor: ptr(1)}, []string{"max_amount_minor"}},
		"a language that is none": {&searchv1.SearchRequest{Languages: []string{"../.."}}, []string{"languages[0]"}},
		"a token made up":         {&searchv1.SearchRequest{PageToken: "abc"}, []string{"page_token"}},
		"a token in base64":       {&searchv1.SearchRequest{PageToken: token([]byte("v1:0:0:0"))}, []string{"page_token"}},
		"a token of NaN": {&searchv1.SearchRequest{PageToken: token([]byte(
			"v1:e3b0c44298fc1c14:7ff8000000000001:" + courseID(1)))}, []string{"page_token"}},
		"a huge token":      {&searchv1.SearchRequest{PageToken: strings.Repeat("A", 1<<20)}, []string{"page_token"}},
		"operators":         {&searchv1.SearchRequest{Query: `+python -(a OR b) "x"~9^9 /[a-z]*/ title:* \`}, nil},
		"a regular expr.":   {&searchv1.SearchRequest{Query: `(a+)+$ .*`}, nil},
		"markup":            {&searchv1.SearchRequest{Query: "<script>"}, nil},
		"SQL":               {&searchv1.SearchRequest{Query: "' OR 1=1; DROP TABLE courses"}, nil},
		"one long word":     {&searchv1.SearchRequest{Query: strings.Repeat("x", 200)}, nil},
		"many words":        {&searchv1.SearchRequest{Query: strings.Repeat("a b c d ", 25)}, nil},
		"marks and nothing": {&searchv1.SearchRequest{Query: strings.Repeat("\u0301", 200)}, nil},
		"right to left":     {&searchv1.SearchRequest{Query: "\u202epython"}, nil},
		"huge amounts":      {&searchv1.SearchRequest{MaxAmountMinor: ptr(math.MaxInt64)}, nil},
	} {
		_, err := service.Search(t.Context(), c.request)
		reason, fields := reasonOf(err)
		refused := status.Code(err) == codes.InvalidArgument && reason == "INVALID_INPUT" && slices.Equal(fields, c.fields)
		if (c.fields != nil && !refused) || (c.fields == nil && err != nil) {
			t.Errorf("%s: %v %q", name, err, fields)
		}
	}
	if _, err := service.Suggest(t.Context(), &searchv1.SuggestRequest{Prefix: strings.Repeat("a", 101)}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a long prefix: %v", err)
	}
	if got := service.titles("drop table"); !slices.Equal(got, []string{"'; DROP TABLE courses; --"}) {
		t.Errorf("afterwards: %q", got)
	}
	if strings.Contains(service.logs.String(), "unexpected error") {
		t.Errorf("%s", service.logs)
	}
}

func TestWhoMayCallWhat(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	service := started(t, broker, users, t.TempDir())
	anybody := t.Context()
	forged := metadata.AppendToOutgoingContext(anybody, "authorization", "Bearer a.b.c")
	recommend := func(ctx context.Context) error {
		_, err := service.Recommend(ctx, &searchv1.RecommendRequest{})
		return err
	}
	rebuild := func(ctx context.Context) error {
		_, err := service.RebuildIndex(ctx, &searchv1.RebuildIndexRequest{RequestId: "r"})
		return err
	}
	search := func(ctx context.Context) error {
		_, err := service.Search(ctx, &searchv1.SearchRequest{})
		return err
	}
	for name, c := range map[string]struct {
		call   func(context.Context) error
		ctx    context.Context
		code   codes.Code
		reason string
	}{
		"searching, without a token":        {search, anybody, codes.OK, ""},
		"searching, with a bad token":       {search, forged, codes.OK, ""},
		"recommending, without a token":     {recommend, anybody, codes.Unauthenticated, "TOKEN_MISSING"},
		"recommending, with a bad token":    {recommend, forged, codes.Unauthenticated, "TOKEN_INVALID"},
		"recommending, to a student":        {recommend, users.as(t, learnerID(1), "student"), codes.OK, ""},
		"rebuilding, without a token":       {rebuild, anybody, codes.Unauthenticated, "TOKEN_MISSING"},
		"rebuilding, for a student":         {rebuild, users.as(t, learnerID(1), "student"), codes.PermissionDenied, "ROLE_NEEDED"},
		"rebuilding, for an instructor":     {rebuild, users.as(t, learnerID(1), "instructor"), codes.PermissionDenied, "ROLE_NEEDED"},
		"rebuilding, for an admin":          {rebuild, users.as(t, learnerID(1), "admin"), codes.OK, ""},
		"recommending, to a strange caller": {recommend, users.as(t, "no uuid", "student"), codes.OK, ""},
	} {
		err := c.call(c.ctx)
		if reason, _ := reasonOf(err); status.Code(err) != c.code || reason != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsRecommendedThatTheCallerLearns(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	broker.makeStreams()
	broker.publish(
		published(1, "Python"), published(2, "Data"), published(3, "Guitar"), published(4, "Gone"), archived(4, 3, "Gone"),
		activated(1, 1, 1), activated(2, 2, 1), activated(3, 2, 2), activated(4, 3, 3), activated(5, 4, 3), activated(6, 2, 4))
	service := started(t, broker, users, t.TempDir())
	for caller, want := range map[int][]string{1: {"Data", "Guitar"}, 2: {"Guitar"}, 9: {"Guitar", "Python", "Data"}} {
		answer, err := service.Recommend(users.as(t, learnerID(caller), "student"), &searchv1.RecommendRequest{})
		var got []string
		for _, course := range answer.GetCourses() {
			got = append(got, course.GetTitle())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("to learner %d: %q, %v", caller, got, err)
		}
	}
}

func TestReflectionTellsTheServiceInBothItsVersions(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	service := started(t, broker, users, t.TempDir())
	v1, err := reflectionv1.NewServerReflectionClient(service.connection).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := &reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}
	if err := v1.Send(ask); err != nil {
		t.Fatal(err)
	}
	answer, err := v1.Recv()
	if err != nil || !strings.Contains(answer.String(), "coursemesh.search.v1.SearchService") {
		t.Errorf("%v, %v", answer, err)
	}
	v1alpha, err := reflectionv1alpha.NewServerReflectionClient(service.connection).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = v1alpha.CloseSend()
	_ = v1.CloseSend()
}

func TestAnUnknownMethodIsUnimplemented(t *testing.T) {
	broker, users := newBroker(t), newUsers(t)
	service := started(t, broker, users, t.TempDir())
	err := service.connection.Invoke(t.Context(), "/coursemesh.search.v1.SearchService/Nothing",
		&searchv1.SearchRequest{}, &searchv1.SearchResponse{}, grpc.WaitForReady(true))
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("%v", err)
	}
}
