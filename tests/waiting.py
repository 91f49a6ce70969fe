"""Waiting for a fact."""

import time


def until(fact, seconds=30):
    """Waits until a fact holds; the test fails where it never does."""
    end = time.monotonic() + seconds
    while not fact() and time.monotonic() < end:
        time.sleep(0.02)
    assert fact(), "waited too long"
