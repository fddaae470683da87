// Package index is the store room: the ledger of courses and seats (bbolt) and the text index (bleve) beside it.
package index

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/coursemesh/coursemesh/services/search/domain"
)

var errNoID = errors.New("not the id of anything")

const idBytes = 16

// packed is an id in 16 bytes.
func packed(id string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(raw) != idBytes || len(id) != 36 {
		return nil, errNoID
	}
	return raw, nil
}

func unpacked(raw []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[0:4], raw[4:6], raw[6:8], raw[8:10], raw[10:16])
}

// record is a course in the ledger. Its lessons are kept beside it: they are long, and seldom needed.
type record struct {
	Version  int64        `json:"v"`
	Listed   bool         `json:"on,omitempty"`
	Title    string       `json:"t"`
	Summary  string       `json:"s,omitempty"`
	Level    domain.Level `json:"l"`
	Language string       `json:"g"`
	Tags     []string     `json:"k,omitempty"`
	Amount   int64        `json:"a"`
	Currency string       `json:"c"`
}

func encode(course domain.Course) ([]byte, error) {
	return json.Marshal(record{
		Version: course.Version, Listed: course.Listed, Title: course.Title, Summary: course.Summary, Level: course.Level,
		Language: course.Language, Tags: course.Tags, Amount: course.Price.AmountMinor, Currency: course.Price.CurrencyCode,
	})
}

func decode(id string, raw []byte) (domain.Course, error) {
	var kept record
	if err := json.Unmarshal(raw, &kept); err != nil {
		return domain.Course{}, fmt.Errorf("the course %s in the ledger: %w", id, err)
	}
	return domain.Course{
		ID: id, Version: kept.Version, Listed: kept.Listed, Title: kept.Title, Summary: kept.Summary, Level: kept.Level,
		Language: kept.Language, Tags: kept.Tags, Price: domain.Money{AmountMinor: kept.Amount, CurrencyCode: kept.Currency},
	}, nil
}

func joined(lessons []string) []byte {
	lines := make([]string, len(lessons))
	for i, lesson := range lessons {
		lines[i] = strings.ReplaceAll(lesson, "\n", " ")
	}
	return []byte(strings.Join(lines, "\n"))
}

func split(raw []byte) []string {
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(string(raw), "\n")
}
