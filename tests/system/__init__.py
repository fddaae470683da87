"""Tests of the whole system: real processes, started as a user starts them."""
