package chassis

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	userv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/user/v1"
	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

// signer signs tokens as the user service does, and is the source of the keys that verify them.
type signer struct {
	kid     string
	private ed25519.PrivateKey
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{"key-1", private}
}

func (s *signer) PublicKey(_ context.Context, kid string) (ed25519.PublicKey, error) {
	if kid != s.kid {
		return nil, nil
	}
	return s.private.Public().(ed25519.PublicKey), nil
}

func (s *signer) jwk() *userv1.Jwk {
	public := base64.RawURLEncoding.EncodeToString(s.private.Public().(ed25519.PublicKey))
	return &userv1.Jwk{Kid: s.kid, Kty: "OKP", Crv: "Ed25519", Alg: "EdDSA", Use: "sig", X: public}
}

// token is a good one, but for these claims; nil leaves one out.
func (s *signer) token(t *testing.T, changes jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": "coursemesh", "aud": "coursemesh", "sub": "somebody", "role": "student",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	made.Header["kid"] = s.kid
	return signed(t, made, s.private)
}

func signed(t *testing.T, token *jwt.Token, key any) string {
	t.Helper()
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func reasonOf(err error) string {
	var refusal *refusals.Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	return ""
}

// users answers GetJwks, or fails, and counts how often it was asked.
type users struct {
	userv1.UserServiceClient
	keys  []*userv1.Jwk
	away  bool
	asked atomic.Int64
}

func (u *users) GetJwks(
	context.Context, *userv1.GetJwksRequest, ...grpc.CallOption,
) (*userv1.GetJwksResponse, error) {
	u.asked.Add(1)
	if u.away {
		return nil, status.Error(codes.Unavailable, "away")
	}
	return &userv1.GetJwksResponse{Keys: u.keys}, nil
}
