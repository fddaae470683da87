package usecases

import (
	"context"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

// Search finds courses.
func Search(ctx context.Context, editions *Editions, query domain.Query) (domain.Found, error) {
	checked, err := query.Checked()
	if err != nil {
		return domain.Found{}, err
	}
	return ask(editions, func(index Finder) (domain.Found, error) { return index.Search(ctx, checked) })
}

// Suggest completes what was typed.
func Suggest(ctx context.Context, editions *Editions, typed string, size int) ([]string, error) {
	prefix, err := domain.Prefix(typed)
	if err != nil {
		return nil, err
	}
	return ask(editions, func(index Finder) ([]string, error) {
		found, err := index.Suggestions(ctx, prefix)
		return domain.Likeliest(found, size), err
	})
}

// Recommend finds courses for a learner.
func Recommend(ctx context.Context, editions *Editions, learnerID string, size int) ([]domain.Summary, error) {
	return ask(editions, func(index Finder) ([]domain.Summary, error) {
		found, err := index.Candidates(ctx, learnerID, size)
		if err != nil {
			return nil, err
		}
		ranked := domain.Ranked(found)
		ids := make([]string, min(size, len(ranked)))
		for i := range ids {
			ids[i] = ranked[i].ID
		}
		return index.Summaries(ids)
	})
}

// ask asks the current edition, which is not closed before it has answered.
func ask[Answer any](editions *Editions, question func(Finder) (Answer, error)) (Answer, error) {
	editions.use.RLock()
	defer editions.use.RUnlock()
	return question(editions.current.edition)
}
