package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"strconv"

	"google.golang.org/protobuf/proto"

	searchv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/search/v1"
	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
	"github.com/coursemesh/coursemesh/services/search/domain"
)

// What a page token holds: which query it goes on with, and the score and the id of the last hit shown.
var tokenText = regexp.MustCompile(`^v1:([0-9a-f]{16}):([0-9a-f]{16}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// No token is longer.
const tokenBytes = 128

// token asks for the page after a cursor; empty without one.
func token(request *searchv1.SearchRequest, next *domain.Cursor) string {
	if next == nil {
		return ""
	}
	text := fmt.Sprintf("v1:%s:%016x:%s", fingerprint(request), math.Float64bits(next.Score), next.ID)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// cursor is the place that a request's page token names; nil for the first page.
func cursor(request *searchv1.SearchRequest) (*domain.Cursor, error) {
	given := request.GetPageToken()
	if given == "" {
		return nil, nil
	}
	if len(given) <= tokenBytes {
		text, err := base64.RawURLEncoding.DecodeString(given)
		if parts := tokenText.FindStringSubmatch(string(text)); err == nil && parts != nil {
			bits, _ := strconv.ParseUint(parts[2], 16, 64)
			score := math.Float64frombits(bits)
			if parts[1] == fingerprint(request) && score >= 0 && !math.IsInf(score, 0) {
				return &domain.Cursor{Score: score, ID: parts[3]}, nil
			}
		}
	}
	var checks refusals.Checks
	checks.That(false, "page_token", "give the next_page_token of an earlier answer to the same query, or none")
	return nil, checks.Refusal()
}

// fingerprint tells a query from others: the token of one makes no sense for another. The size of a page may change.
func fingerprint(request *searchv1.SearchRequest) string {
	asked, _ := proto.Clone(request).(*searchv1.SearchRequest)
	asked.PageSize, asked.PageToken = 0, ""
	asked.ProtoReflect().SetUnknown(nil)
	written, err := proto.MarshalOptions{Deterministic: true}.Marshal(asked)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(written)
	return hex.EncodeToString(sum[:8])
}
