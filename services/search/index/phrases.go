package index

import (
	"bytes"
	"context"

	bolt "go.etcd.io/bbolt"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// How many phrases are looked at for one suggestion.
const mostPhrases = 4_000

// Suggestions are the titles of listed courses and the tags that go on from the prefix at one of their words. The prefix
// is folded; without one there are none.
func (x *Index) Suggestions(ctx context.Context, prefix string) ([]domain.Suggestion, error) {
	var found []domain.Suggestion
	if prefix == "" {
		return found, nil
	}
	start := []byte(prefix[:min(len(prefix), phraseBytes)])
	err := x.ledger.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(phrases).Cursor()
		for key, text := cursor.Seek(start); bytes.HasPrefix(key, start) && len(found) < mostPhrases; key, text = cursor.Next() {
			found = append(found, suggestion(tx, key, text))
		}
		return ctx.Err()
	})
	return found, err
}

func suggestion(tx *bolt.Tx, key, text []byte) domain.Suggestion {
	rest := key[bytes.IndexByte(key, 0)+1:]
	weight := tx.Bucket(learners).Get(rest[2:])
	if rest[1] == tagKind {
		weight = tx.Bucket(tags).Get(rest[2:])
	}
	return domain.Suggestion{Text: string(text), Whole: rest[0] == 'w', Weight: number(weight)}
}
