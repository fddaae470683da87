"""Tests of the enrollment service."""
