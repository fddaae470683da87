"""Revisions of the user service's schema; each is history and is never changed."""
