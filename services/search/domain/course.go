// Package domain says what is found and what finds it: courses, seats, queries and what matches them. It is pure.
package domain

import (
	"strings"
)

// Level is how much a course expects of those who take it; the numbers are those of the contract.
type Level int

// The levels of courses.
const (
	Beginner     Level = 1
	Intermediate Level = 2
	Advanced     Level = 3
)

// Money is an amount in the currency's minor unit, and the ISO 4217 code of that currency.
type Money struct {
	AmountMinor  int64
	CurrencyCode string
}

// Course is a course as of one version. Listed says whether it is in the catalog.
type Course struct {
	ID       string
	Version  int64
	Title    string
	Summary  string
	Level    Level
	Language string
	Tags     []string
	Price    Money
	Lessons  []string
	Listed   bool
}

// OlderThan says whether the other one is a newer version. Facts may come late; a course never goes back.
func (c Course) OlderThan(other Course) bool { return c.Version < other.Version }

// Summary is a course as it is shown, with the number of learners it is open to.
type Summary struct {
	Course   Course
	Learners int64
}

// Enrollment is what is known of a seat. One that is over stays over, whichever fact comes first.
type Enrollment struct {
	ID        string
	LearnerID string
	CourseID  string
	Over      bool
}

// Language brings a BCP 47 tag into its usual form: `pt-BR`, `zh-Hant`. Tags are the same whatever their case.
func Language(tag string) string {
	parts := strings.Split(strings.ToLower(strings.TrimSpace(tag)), "-")
	for i, part := range parts {
		switch {
		case i > 0 && len(part) == 2:
			parts[i] = strings.ToUpper(part)
		case i > 0 && len(part) == 4:
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "-")
}
