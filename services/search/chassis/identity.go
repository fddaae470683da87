package chassis

import (
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

const (
	issuer   = "coursemesh"
	audience = "coursemesh"
	// Clocks of two machines may differ by this much.
	leeway = 5 * time.Second
	// How many verified tokens are remembered, so that a busy caller's signature is not verified on each call.
	remembered = 10_000
)

// Admin is the role that may do everything.
const Admin = "admin"

// Caller is who calls.
type Caller struct {
	ID, Role string
}

type callerKey struct{}

// CallerOf is who called the RPC that is being served; nobody where the RPC is open to anybody.
func CallerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// Keys is where public keys come from.
type Keys interface {
	// PublicKey is the key that verifies tokens signed by kid; nil when there is no such key.
	PublicKey(ctx context.Context, kid string) (ed25519.PublicKey, error)
}

// Tokens verifies access tokens: EdDSA, our issuer and audience, not expired, signed by a key we know.
type Tokens struct {
	keys   Keys
	parser *jwt.Parser

	mutex    sync.Mutex
	verified map[string]verified
	order    []string
}

type verified struct {
	caller  Caller
	kid     string
	expires time.Time
}

// NewTokens verifies with these keys.
func NewTokens(keys Keys) *Tokens {
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"EdDSA"}), // from here, never from the token's own header
		jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithLeeway(leeway),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(),
	)
	return &Tokens{keys: keys, parser: parser, verified: map[string]verified{}}
}

// Verify says whose token it is, or refuses it.
func (t *Tokens) Verify(ctx context.Context, token string) (Caller, error) {
	known, before := t.recall(token)
	if !before {
		var err error
		if known, err = t.examine(ctx, token); err != nil {
			return Caller{}, err
		}
		t.remember(token, known)
	}
	if time.Now().After(known.expires.Add(leeway)) {
		return Caller{}, expired()
	}
	// A key that was withdrawn takes its tokens with it, remembered or not.
	if _, err := t.key(ctx, known.kid); err != nil {
		return Caller{}, err
	}
	return known.caller, nil
}

type claims struct {
	Role string `json:"role"`
	jwt.RegisteredClaims
}

func (t *Tokens) examine(ctx context.Context, token string) (verified, error) {
	var kid string
	var said claims
	_, err := t.parser.ParseWithClaims(token, &said, func(unverified *jwt.Token) (any, error) {
		kid, _ = unverified.Header["kid"].(string)
		return t.key(ctx, kid)
	})
	var refusal *refusals.Refusal
	switch {
	case errors.As(err, &refusal):
		return verified{}, refusal
	case errors.Is(err, jwt.ErrTokenExpired):
		return verified{}, expired()
	case err != nil || said.Subject == "" || said.Role == "" || said.IssuedAt == nil:
		return verified{}, invalid()
	}
	return verified{Caller{said.Subject, said.Role}, kid, said.ExpiresAt.Time}, nil
}

func (t *Tokens) key(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	if kid == "" {
		return nil, invalid()
	}
	key, err := t.keys.PublicKey(ctx, kid)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, invalid()
	}
	return key, nil
}

func (t *Tokens) recall(token string) (verified, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	known, before := t.verified[token]
	return known, before
}

func (t *Tokens) remember(token string, known verified) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if _, again := t.verified[token]; again {
		return
	}
	t.verified[token] = known
	t.order = append(t.order, token)
	if len(t.order) > remembered {
		delete(t.verified, t.order[0])
		t.order = t.order[1:]
	}
}

func invalid() error {
	return refusals.New(refusals.Unauthenticated, "TOKEN_INVALID", "the access token is not valid; log in again")
}

func expired() error {
	return refusals.New(refusals.Unauthenticated, "TOKEN_EXPIRED", "the access token has expired; refresh it")
}

// Access is what an RPC asks of its caller.
type Access func(ctx context.Context, authorization string, tokens *Tokens) (Caller, error)

// SignedIn is what an RPC asks unless the table says otherwise: a good access token.
func SignedIn(ctx context.Context, authorization string, tokens *Tokens) (Caller, error) {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return Caller{}, refusals.New(
			refusals.Unauthenticated, "TOKEN_MISSING", "give an access token: authorization: Bearer TOKEN")
	}
	return tokens.Verify(ctx, token)
}

// Public is open to anybody; a token is not even looked at.
func Public(context.Context, string, *Tokens) (Caller, error) { return Caller{}, nil }

// Only is open to callers of these roles.
func Only(roles ...string) Access {
	return func(ctx context.Context, authorization string, tokens *Tokens) (Caller, error) {
		caller, err := SignedIn(ctx, authorization, tokens)
		if err == nil && !slices.Contains(roles, caller.Role) {
			err = refusals.New(refusals.PermissionDenied, "ROLE_NEEDED",
				"this needs the role of "+strings.Join(roles, " or "), "roles", strings.Join(roles, ","))
		}
		return caller, err
	}
}
