"""Tests of the payment service."""
