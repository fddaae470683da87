package chassis

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/status"

	userv1 "github.com/coursemesh/coursemesh/gen/go/coursemesh/user/v1"
	"github.com/coursemesh/coursemesh/services/search/chassis/refusals"
)

const (
	// Unknown key ids are made up by anybody, so they may cause at most one fetch in this time. A user service that does
	// not answer is asked no more often either; only who has no key at all is in a hurry.
	atMostEvery = 2 * time.Second
	hurried     = 200 * time.Millisecond
	// A key that was withdrawn is forgotten after this time.
	refreshAfter = 5 * time.Minute
	fetchTimeout = 2 * time.Second
)

// RemoteKeys are the keys of UserService.GetJwks. Those in hand stay good while the user service is away.
type RemoteKeys struct {
	users userv1.UserServiceClient

	fetching  sync.Mutex // held by the one who fetches
	mutex     sync.Mutex // over what is below
	keys      map[string]ed25519.PublicKey
	fetched   time.Time
	notBefore time.Time
	failing   bool
}

// NewRemoteKeys fetches nothing before a key is asked for.
func NewRemoteKeys(users userv1.UserServiceClient) *RemoteKeys { return &RemoteKeys{users: users} }

// PublicKey is the key that verifies tokens signed by kid; nil when there is no such key.
func (r *RemoteKeys) PublicKey(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	key, old, _ := r.lookUp(kid)
	switch {
	case key == nil:
		r.fetching.Lock()
		r.refresh(ctx)
		r.fetching.Unlock()
	case old && r.fetching.TryLock(): // others go on with what is in hand
		r.refresh(ctx)
		r.fetching.Unlock()
	default:
		return key, nil
	}
	key, _, failing := r.lookUp(kid)
	if key == nil && failing {
		// It may be a new key: that it is not known here is the peer's fault, not the token's.
		return nil, refusals.New(
			refusals.Unavailable, "PEER_UNAVAILABLE", "the keys that verify tokens are out of reach; try again")
	}
	return key, nil
}

func (r *RemoteKeys) lookUp(kid string) (key ed25519.PublicKey, old, failing bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.keys[kid], time.Since(r.fetched) > refreshAfter, r.failing
}

// refresh fetches the keys, unless somebody did a moment ago. The caller's own haste does not end it: others wait for
// the same answer.
func (r *RemoteKeys) refresh(ctx context.Context) {
	r.mutex.Lock()
	early := time.Now().Before(r.notBefore)
	r.mutex.Unlock()
	if early {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	answer, err := r.users.GetJwks(ctx, &userv1.GetJwksRequest{})
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err != nil {
		slog.WarnContext(ctx, "the signing keys could not be fetched", "code", codeName(status.Code(err)))
		r.failing, r.notBefore = true, time.Now().Add(hurried)
		if len(r.keys) > 0 {
			r.notBefore = time.Now().Add(atMostEvery)
		}
		return
	}
	r.keys, r.failing, r.fetched = parsed(answer.GetKeys()), false, time.Now()
	r.notBefore = r.fetched.Add(atMostEvery)
}

// parsed are the keys that verify EdDSA signatures; others are none of ours.
func parsed(given []*userv1.Jwk) map[string]ed25519.PublicKey {
	keys := map[string]ed25519.PublicKey{}
	for _, key := range given {
		raw, err := base64.RawURLEncoding.DecodeString(key.GetX())
		if err == nil && len(raw) == ed25519.PublicKeySize && key.GetKty() == "OKP" && key.GetCrv() == "Ed25519" {
			keys[key.GetKid()] = raw
		}
	}
	return keys
}
