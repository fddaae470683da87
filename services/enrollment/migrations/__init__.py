"""Revisions of the enrollment service's schema; each is history and is never changed."""
