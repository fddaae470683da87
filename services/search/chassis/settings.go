// Package chassis is what every service has: settings, logs, traces, errors, identity, the server, the bus, and the
// order in which they start and stop. It knows no business word.
package chassis

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Settings reads a service's settings from the environment and collects what is wrong with them.
type Settings struct {
	lookup   func(string) (string, bool)
	problems []string
}

// NewSettings reads with os.LookupEnv or its like.
func NewSettings(lookup func(string) (string, bool)) *Settings { return &Settings{lookup: lookup} }

// Needed is a variable that must be set. One that is set to nothing is missing: that is how an unset one often arrives.
func (s *Settings) Needed(name string) string {
	value, _ := s.lookup(name)
	if value == "" {
		s.problems = append(s.problems, name+" is not set")
	}
	return value
}

// Text is a variable, or what it is when it is not set.
func (s *Settings) Text(name, otherwise string) string {
	if value, set := s.lookup(name); set && value != "" {
		return value
	}
	return otherwise
}

// Flag is a variable that says yes or no.
func (s *Settings) Flag(name string, otherwise bool) bool {
	value, set := s.lookup(name)
	if !set {
		return otherwise
	}
	switch strings.ToLower(value) {
	case "1", "true", "yes", "on":
		return true
	case "0", "false", "no", "off", "":
		return false
	}
	s.problems = append(s.problems, name+" is neither true nor false: "+strconv.Quote(value))
	return otherwise
}

// Seconds is a variable that gives a time in seconds.
func (s *Settings) Seconds(name string, otherwise time.Duration) time.Duration {
	value, set := s.lookup(name)
	if !set {
		return otherwise
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(seconds, 0) || math.IsNaN(seconds) {
		s.problems = append(s.problems, name+" is not a number: "+strconv.Quote(value))
	}
	return time.Duration(seconds * float64(time.Second))
}

// Problem notes that a variable is set to something that will not do.
func (s *Settings) Problem(name, problem string) { s.problems = append(s.problems, name+" "+problem) }

// Problems is one line that names every variable that is missing or cannot be read; empty when there is none.
func (s *Settings) Problems() string {
	if len(s.problems) == 0 {
		return ""
	}
	return "cannot start: " + strings.Join(s.problems, "; ")
}
