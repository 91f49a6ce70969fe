"""Arithmetic: tokens, bytes of an index, speed and latency of machines. Numbers in, numbers out."""
