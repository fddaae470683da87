"""Revisions of the payment service's schema; each is history and is never changed."""
