"""The process that holds one model: it loads it, then answers requests until its input ends.

Requests and answers are pickled objects, one after the other, between this program and its own
child alone. A request is (method, arguments, named arguments); an answer is ("done", value) or
("problem", sentence).
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from typing import BinaryIO

from advisor.base.errors import EncodeError
from advisor.encode.engine import Engine
from advisor.encode.models import Model

NICENESS = 10
"""How far encoding stands back behind the pages, in steps of Unix's nice."""


def load(model: Model, threads: int | None = None) -> Engine:
    """The engine of a model in this process; raises EncodeError where it cannot be loaded."""
    if model.engine == "torch":
        from advisor.encode import torch_engine

        return torch_engine.load(model, threads)
    from advisor.encode import fastembed_engine

    return fastembed_engine.load(model, threads)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until their stream ends."""
    engine: Engine | None = None
    while True:
        try:
            method, arguments, named = pickle.load(requests)  # noqa: S301  # from the process that started this one
        except EOFError:
            return
        try:
            if method == "load":
                engine = load(*arguments)
                method = "about"  # is what a load is answered with
            value = getattr(engine, method)
            answer = ("done", value(*arguments, **named) if callable(value) else value)
        except EncodeError as error:
            answer = ("problem", str(error))
        except MemoryError:
            too_small = "This machine's memory is too small for these texts"
            answer = ("problem", f"{too_small}. Send fewer or shorter ones.")
        # whatever a runtime raises: the page gets a sentence, never a trace
        except Exception as error:
            why = f"The model could not answer ({type(error).__name__})"
            answer = ("problem", f"{why}. Try other texts, or another model.")
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def main() -> None:
    """Serves over standard input and output, of which nothing else here may write."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    with (
        contextlib.suppress(OSError),
        open("/proc/self/oom_score_adj", "w", encoding="ascii") as score,
    ):
        score.write("1000")  # where memory runs out, Linux ends this process and not the app
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
