"""What is said while the work goes on, and how often."""

import io
import re

from advisor.bulk.folder import WrittenBlock
from advisor.bulk.progress import RunProgress, duration


def block(number, done):
    return WrittenBlock(number, 100, 90, 10, "a", "b", "f", 1, "s", None, done)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def said(stream, seconds):
    """The lines that blocks at these times bring; each reads a hundredth of the corpus."""
    at = [0.0]
    told = RunProgress([block(0, 0.1)], stream, lambda: at[0])
    for place, second in enumerate(seconds, 1):
        at[0] = second
        told.add(block(place, 0.1 + place / 100))
    return stream.getvalue()


def test_a_terminal_hears_once_a_second_at_most():
    assert said(Terminal(), [0.4, 0.9, 1.0, 1.5, 1.9, 2.0]).count("\r\x1b[K") == 2


def test_a_log_hears_every_thirty_seconds(pinned):
    lines = said(io.StringIO(), [1, 10, 29, 30, 45, 61]).splitlines()
    assert [re.findall(r"\d+", line) for line in lines] == [
        ["450", "12", "50", "11"],
        ["630", "9", "70", "14"],
    ]
    assert lines == pinned


def test_times_are_said_in_the_unit_that_suits():
    assert [duration(each) for each in (45, 600, 36_000)] == ["45 s", "10 min", "10.0 h"]
