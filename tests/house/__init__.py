"""Tests of the house: what its code may know of what."""
