// Package refusals is what a service refuses and why, in terms a program can read.
//
// It imports nothing but the standard library, so that a domain may use it; the chassis turns each refusal into a gRPC
// status.
package refusals

import (
	"strings"
	"time"
)

// Code is what kind of refusal it is; the chassis maps each to the gRPC code of the same name.
type Code int

// The kinds of refusals.
const (
	InvalidArgument Code = iota + 1
	Unauthenticated
	PermissionDenied
	ResourceExhausted
	Unavailable
)

// Violation is one field of a request that is wrong, and what is wrong with it.
type Violation struct {
	Field, Problem string
}

// Refusal is a request that is turned down. Nothing was changed.
//
// Reason is UPPER_SNAKE and part of the contract, Message one sentence for a person, Metadata what a program may need
// to go on. None may hold a secret or somebody else's data.
type Refusal struct {
	Code       Code
	Reason     string
	Message    string
	Metadata   map[string]string
	Violations []Violation
	RetryAfter time.Duration
}

func (r *Refusal) Error() string { return r.Reason + ": " + r.Message }

// New makes a refusal; details are pairs of a name and a value for the metadata.
func New(code Code, reason, message string, details ...string) *Refusal {
	metadata := map[string]string{}
	for i := 0; i+1 < len(details); i += 2 {
		metadata[details[i]] = details[i+1]
	}
	return &Refusal{Code: code, Reason: reason, Message: message, Metadata: metadata}
}

// Retry says when to try again.
func (r *Refusal) Retry(after time.Duration) *Refusal {
	r.RetryAfter = after
	return r
}

// Checks collects violations, at most one a field, so that a caller learns of all of them at once.
type Checks struct {
	violations []Violation
}

// That notes a problem with a field unless the condition holds.
func (c *Checks) That(holds bool, field, problem string) {
	if holds {
		return
	}
	for _, known := range c.violations {
		if known.Field == field {
			return
		}
	}
	c.violations = append(c.violations, Violation{field, problem})
}

// Refusal is the refusal of the input; nil when nothing is wrong with it.
func (c *Checks) Refusal() error {
	if len(c.violations) == 0 {
		return nil
	}
	told := make([]string, len(c.violations))
	for i, violation := range c.violations {
		told[i] = violation.Field + ": " + violation.Problem
	}
	refused := New(InvalidArgument, "INVALID_INPUT", strings.Join(told, "; "))
	refused.Violations = c.violations
	return refused
}
