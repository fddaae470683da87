"""Keeps the programs of one system running. The standard library only: it stays in memory for as long as they do."""
