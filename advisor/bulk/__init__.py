"""Bulk encoding: each passage of a corpus becomes a vector in a file, once, whatever is stopped."""
