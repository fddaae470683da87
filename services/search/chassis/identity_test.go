package chassis

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	userv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/user/v1"
)

func TestOnlyAGoodTokenIsAccepted(t *testing.T) {
	signer, stranger := newSigner(t), newSigner(t)
	tokens := NewTokens(signer)
	good := signer.token(t, nil)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{
		"iss": "coursemesh", "aud": "coursemesh", "sub": "x", "role": "admin", "iat": 1, "exp": 1 << 33,
	})
	unsigned.Header["kid"] = signer.kid
	// The public key as a shared secret: the token chooses the algorithm, the verifier must not follow.
	confused := jwt.NewWithClaims(jwt.SigningMethodHS256, unsigned.Claims)
	confused.Header["kid"] = signer.kid
	unknown := jwt.NewWithClaims(jwt.SigningMethodEdDSA, unsigned.Claims)
	unknown.Header["kid"] = "another"
	for name, c := range map[string]struct{ authorization, want string }{
		"good":               {"Bearer " + good, ""},
		"good, twice":        {"bearer " + good, ""},
		"none":               {"", "TOKEN_MISSING"},
		"another scheme":     {"Basic " + good, "TOKEN_MISSING"},
		"no text":            {"Bearer ", "TOKEN_MISSING"},
		"no token":           {"Bearer x.y.z", "TOKEN_INVALID"},
		"another key":        {"Bearer " + stranger.token(t, nil), "TOKEN_INVALID"},
		"an unknown key":     {"Bearer " + signed(t, unknown, signer.private), "TOKEN_INVALID"},
		"unsigned":           {"Bearer " + signed(t, unsigned, jwt.UnsafeAllowNoneSignatureType), "TOKEN_INVALID"},
		"another algorithm":  {"Bearer " + signed(t, confused, []byte(signer.private.Public().(ed25519.PublicKey))), "TOKEN_INVALID"},
		"expired":            {"Bearer " + signer.token(t, jwt.MapClaims{"exp": time.Now().Unix() - 60}), "TOKEN_EXPIRED"},
		"another issuer":     {"Bearer " + signer.token(t, jwt.MapClaims{"iss": "x"}), "TOKEN_INVALID"},
		"another audience":   {"Bearer " + signer.token(t, jwt.MapClaims{"aud": "x"}), "TOKEN_INVALID"},
		"no subject":         {"Bearer " + signer.token(t, jwt.MapClaims{"sub": nil}), "TOKEN_INVALID"},
		"no role":            {"Bearer " + signer.token(t, jwt.MapClaims{"role": nil}), "TOKEN_INVALID"},
		"no end":             {"Bearer " + signer.token(t, jwt.MapClaims{"exp": nil}), "TOKEN_INVALID"},
		"no beginning":       {"Bearer " + signer.token(t, jwt.MapClaims{"iat": nil}), "TOKEN_INVALID"},
		"from the future":    {"Bearer " + signer.token(t, jwt.MapClaims{"iat": time.Now().Unix() + 600}), "TOKEN_INVALID"},
		"a changed subject":  {"Bearer " + forged(good), "TOKEN_INVALID"},
		"a very long token":  {"Bearer " + strings.Repeat("a", 1<<20), "TOKEN_INVALID"},
		"good, a third time": {"Bearer " + good, ""},
	} {
		caller, err := SignedIn(t.Context(), c.authorization, tokens)
		if got := reasonOf(err); got != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %q (%v), not %q", name, got, err, c.want)
		}
		if err == nil && caller != (Caller{"somebody", "student"}) {
			t.Errorf("%s: %+v", name, caller)
		}
	}
}

// forged is a token with another subject under the signature of the one given.
func forged(token string) string {
	parts := strings.Split(token, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), "somebody", "elseone!", 1)))
	return strings.Join(parts, ".")
}

func TestARoleThatIsNotAskedForIsRefused(t *testing.T) {
	signer := newSigner(t)
	tokens, access := NewTokens(signer), Only(Admin)
	for role, want := range map[string]string{"admin": "", "student": "ROLE_NEEDED", "instructor": "ROLE_NEEDED"} {
		_, err := access(t.Context(), "Bearer "+signer.token(t, jwt.MapClaims{"role": role}), tokens)
		if got := reasonOf(err); got != want {
			t.Errorf("%s: %q", role, got)
		}
	}
}

func TestAKeyThatIsWithdrawnTakesItsTokensWithIt(t *testing.T) {
	signer := newSigner(t)
	tokens, token := NewTokens(signer), signer.token(t, nil)
	if _, err := tokens.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	signer.kid = "key-2"
	if _, err := tokens.Verify(t.Context(), token); reasonOf(err) != "TOKEN_INVALID" {
		t.Errorf("%v", err)
	}
}

func TestARememberedTokenExpires(t *testing.T) {
	signer := newSigner(t)
	tokens, token := NewTokens(signer), signer.token(t, nil)
	tokens.remember(token, verified{Caller{"somebody", "student"}, signer.kid, time.Now().Add(-time.Minute)})
	if _, err := tokens.Verify(t.Context(), token); reasonOf(err) != "TOKEN_EXPIRED" {
		t.Errorf("%v", err)
	}
}

func TestNoMoreTokensAreRememberedThanThereIsRoomFor(t *testing.T) {
	tokens := NewTokens(newSigner(t))
	for number := range remembered + 10 {
		tokens.remember(string(rune(number)), verified{})
	}
	if len(tokens.verified) > remembered || len(tokens.order) > remembered {
		t.Errorf("%d", len(tokens.verified))
	}
}

func TestAnUnknownKeyIsAskedForOnceInAWhile(t *testing.T) {
	signer := newSigner(t)
	peer := &users{keys: []*userv1.Jwk{{Kid: "odd", Kty: "RSA", X: "AQAB"}, signer.jwk()}}
	keys := NewRemoteKeys(peer)
	var many sync.WaitGroup
	for range 20 {
		many.Go(func() {
			if key, err := keys.PublicKey(t.Context(), signer.kid); key == nil || err != nil {
				t.Errorf("%v, %v", key, err)
			}
			if key, err := keys.PublicKey(t.Context(), "made up"); key != nil || err != nil {
				t.Errorf("%v, %v", key, err)
			}
		})
	}
	many.Wait()
	if asked := peer.asked.Load(); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestKeysInHandStayGoodWhileThePeerIsAway(t *testing.T) {
	signer := newSigner(t)
	peer := &users{away: true}
	keys := NewRemoteKeys(peer)
	if _, err := keys.PublicKey(t.Context(), signer.kid); reasonOf(err) != "PEER_UNAVAILABLE" {
		t.Errorf("%v", err)
	}
	peer.away, peer.keys = false, []*userv1.Jwk{{Kid: "odd", Kty: "RSA", X: "AQAB"}, signer.jwk()}
	keys.notBefore = time.Time{}
	if key, err := keys.PublicKey(t.Context(), signer.kid); key == nil || err != nil {
		t.Fatalf("%v", err)
	}
	peer.away, keys.notBefore, keys.fetched = true, time.Time{}, time.Time{}
	if key, err := keys.PublicKey(t.Context(), signer.kid); key == nil || err != nil {
		t.Errorf("%v, %v", key, err)
	}
	if _, err := keys.PublicKey(t.Context(), "new"); reasonOf(err) != "PEER_UNAVAILABLE" {
		t.Errorf("it may be a new key: %v", err)
	}
}
