"""The answers for programs in Python: `import advisor; advisor.recommend(...)`."""

from __future__ import annotations

from typing import Any

from advisor.base.errors import AdvisorError, CatalogError
from advisor.catalog import reloading, today
from advisor.decide import query
from advisor.decide.query import QuestionError
from advisor.decide.recommend import Recommendation
from advisor.explain import report
from advisor.explain.record import AnswerRecord, as_json
from advisor.serve import answers

__all__ = ["AdvisorError", "Answer", "CatalogError", "QuestionError", "recommend"]


class Answer:
    """What is recommended for one question. In a notebook it shows itself as a short page."""

    def __init__(self, recommendation: Recommendation) -> None:
        self._recommendation = recommendation

    def __repr__(self) -> str:
        return f"<Answer: {report.headline(self._recommendation)}>"

    def _repr_markdown_(self) -> str:
        return report.as_short_markdown(self._recommendation)

    def to_dict(self, *, plans: bool = False) -> dict[str, Any]:
        """The answer as plain data: `pick` with costs in US dollars, `alternatives`, `firmness`.

        `plans` gives the whole decision record instead, with every plan, its figures and what
        rules say of it; saved as JSON, `bge-advisor recommend --record` asks it again.
        """
        recommendation = self._recommendation
        if plans:
            return as_json(recommendation.asked_of, recommendation, plans=True)
        return AnswerRecord.of(recommendation).model_dump(mode="json", by_alias=True)


def recommend(**stated: Any) -> Answer:
    """The recommendation for a workload, as `recommend(languages=["de"], passages=500_000)`.

    `stated` has the fields of a workload (advisor/ask/workload.py), of the assumptions
    (advisor/ask/assumptions.py), and `scores` or `rerank_scores`; each may be left out. The
    catalog is that of ADVISOR_CATALOG, else the shipped one; it is read once, and again when its
    files change. Where they are broken then, its last good reading answers.

    Raises:
        QuestionError: with every fault of the question, its field and the remedy.
        CatalogError: the catalog cannot be used.
    """
    now = reloading.current()
    if now.catalog is None:
        raise CatalogError(now.faults)
    question = query.of_json(now.catalog, stated)
    return Answer(answers.recommended(now.catalog, question, today()))
