"""What Live shows of vectors and scores, worked by hand: rows, sentences, where a text is cut."""

import pathlib
import re
from dataclasses import replace

import numpy as np
import pytest

from advisor.base.errors import EncodeError
from advisor.catalog.load import SHIPPED
from advisor.encode import models as on_disk
from advisor.encode.engine import Scores, Vectors
from advisor.live import results, vocabulary
from tests.live.samples import ROWS, SMALL, TEXTS, figures, hits
from tools.models import unigram

BERT = vocabulary.wordpiece(SHIPPED, "bert-uncased")
XLM_R = unigram()


# Who answered


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({}, ["BGE Small EN v1.5", "fastembed", "fp32"]),
        ({"engine": "torch", "precision": "int8"}, ["BGE Small EN v1.5", "torch", "int8"]),
        ({"precision": None}, ["BGE Small EN v1.5", "fastembed"]),
        (
            {
                "engine": "remote",
                "where": "M3 at Novita",
                "model": "baai/bge-m3",
                "variant_id": "bge-m3",
                "precision": "fp16",
            },
            ["baai/bge-m3", "M3 at Novita", "fp16"],
        ),
        (
            {"standin": True, "variant_id": None, "model": "all-MiniLM-L6-v2"},
            ["all-MiniLM-L6-v2", "fastembed", "fp32"],
        ),
        (
            {"variant_id": None, "model": "weights in the place of BGE M3", "precision": None},
            ["weights in the place of BGE M3", "fastembed"],
        ),
    ],
    ids=["local", "torch", "no precision", "endpoint", "stand-in", "odd weights"],
)
def test_who_answers_is_told_with_its_engine_and_precision(pinned, changes, facts):
    about = replace(SMALL, **changes)
    sentence = results.who(about, 0.0384)
    assert all(fact in sentence for fact in [*facts, "38 ms"]) and ("fp32" in sentence) == (
        "fp32" in facts
    )
    assert (sentence != results.who(replace(about, standin=False, variant_id="any"), 0.0384)) == (
        about.variant_id is None
    )
    assert sentence == pinned


def test_what_was_read_is_told_where_it_was_counted(pinned):
    counted, uncounted = (results.who(SMALL, 2.44, tokens) for tokens in (1234, None))
    assert (
        "1,234" in counted
        and "1,234" not in uncounted
        and "2.4 s" in counted
        and "2.4 s" in uncounted
    )
    assert {"counted": counted, "not counted": uncounted} == pinned


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0384, "38 ms"),
        (0.994, "994 ms"),
        (0.996, "1.0 s"),
        (2.44, "2.4 s"),
        (99.4, "99.4 s"),
        (99.6, "100 s"),
        (1234.4, "1,234 s"),
    ],
)
def test_a_duration_keeps_two_or_three_digits(seconds, words):
    assert results.duration(seconds) == words


# Likeness


def test_pairs_of_sentences_are_told_from_the_nearest_to_the_farthest(pinned):
    found = results.likeness(TEXTS, ROWS)
    assert [(p.first, p.second) for p in found.pairs] == [(0, 1), (1, 2), (0, 2)]
    assert [p.cosine for p in found.pairs] == pytest.approx([0.8, 0.0, -0.6], abs=1e-6)
    assert re.findall(r"(?<=“)[^”]+|-?\d[.]\d+", found.sentence) == [
        TEXTS[0],
        TEXTS[1],
        "0.80",
        TEXTS[0],
        TEXTS[2],
        "-0.60",
    ]
    assert found.cosines == pytest.approx(
        np.array([[1, 0.8, -0.6], [0.8, 1, 0], [-0.6, 0, 1]]), abs=1e-6
    )
    assert (
        list(found.rows()[0].values()) == ["0.800", "the cat sleeps", "a cat naps"]
        and len(found.rows()) == 3
    )
    assert found.sentence == pinned


def test_of_two_sentences_there_is_no_farthest_pair(pinned):
    sentence = results.likeness(TEXTS[:2], ROWS[:2]).sentence
    assert [sentence.count(word) for word in (*TEXTS[:2], "0.80")] == [1, 1, 1]
    assert sentence == pinned


def test_fewer_than_two_sentences_have_nothing_to_be_compared_with(pinned):
    sentences = set()
    for count in (0, 1):
        with pytest.raises(EncodeError) as error:
            results.likeness(TEXTS[:count], ROWS[:count])
        sentences.add(str(error.value))
    assert len(sentences) == 1
    assert sentences == pinned


# Search

PASSAGES = {"p1": "one", "p2": "two", "p3": "three", "p4": "four"}
DENSE = np.array([[0.6, 0.8], [1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
QUERY = np.array([1, 0], dtype=np.float32)


def test_the_nearest_passages_come_first_and_equal_ones_in_their_own_order():
    found = results.search(QUERY, DENSE, PASSAGES, {"p1": 2, "p4": 0}, 3)
    assert [hit.id for hit in found] == ["p2", "p1", "p3"]  # p1 and p3 are equal
    assert [hit.cosine for hit in found] == pytest.approx([1, 0.6, 0.6])
    assert [(hit.text, hit.grade) for hit in found] == [("two", None), ("one", 2), ("three", None)]
    assert [
        hit.grade for hit in results.search(QUERY, DENSE, PASSAGES, {"p1": 2, "p4": 0}, 99)
    ] == [None, 2, None, 0]


def test_equal_ones_keep_their_order_among_many():
    ids = {str(n): "x" for n in range(1000)}
    wanted = [str(n) for n in (*range(1, 1000, 2), *range(0, 1000, 2))]
    assert [
        hit.id for hit in results.search(QUERY, np.tile(DENSE[:2], (500, 1)), ids, {}, 1000)
    ] == wanted
    scores = Scores(np.tile(np.array([0.5, 0.7], np.float32), 500), "sigmoid", 0.1)
    assert [move.hit.id for move in results.reranked(hits(*ids), scores)] == wanted


def test_judged_passages_are_named_by_what_their_grade_means(pinned):
    rows = results.hit_rows(hits("a", "b", "c", "d", grades={"a": 2, "b": 1, "c": 0}), judged=True)
    *_, judged = zip(*(row.values() for row in rows), strict=True)
    assert len(set(judged)) == 4 and judged[3] == "" and "0" in judged[2]
    assert list(rows[1].values()) == ["2", "0.800", "text of b", judged[1]]
    assert [list(row.values()) for row in results.hit_rows(hits("a"), judged=False)] == [
        ["1", "0.900", "text of a"]
    ]
    assert rows == pinned


@pytest.mark.parametrize("grades", [{}, {"b": 0}])
def test_where_nothing_is_judged_relevant_there_is_nothing_to_be_told(grades):
    assert results.hits_sentence(hits("a", "b", "c"), grades) == ""


@pytest.mark.parametrize(
    ("grades", "counted"),
    [
        ({"b": 2, "c": 1, "z": 1}, {"2", "3"}),
        ({"c": 1, "z": 1}, {"1", "2", "3"}),
        ({"y": 1, "z": 1, "a": 0}, {"2", "3"}),
        ({"c": 2}, {"3"}),
        ({"z": 2}, {"3"}),
    ],
    ids=["two of three", "one of two", "none of two", "the only one", "not the only one"],
)
def test_how_many_of_the_judged_passages_are_found_is_told(pinned, grades, counted):
    sentence = results.hits_sentence(hits("a", "b", "c"), grades)
    assert counted <= figures(sentence)
    assert sentence == pinned


# Reranking


def test_a_reranker_orders_by_its_scores_and_keeps_the_order_of_equal_ones(pinned):
    scores = Scores(np.array([-1, 2, 0, 2], dtype=np.float32), "logit", 0.1)
    moves = results.reranked(hits("a", "b", "c", "d"), scores)
    assert [(m.hit.id, m.before, m.after) for m in moves] == [
        ("b", 2, 1),
        ("d", 4, 2),
        ("c", 3, 3),
        ("a", 1, 4),
    ]
    assert [m.raw for m in moves] == [2, 2, 0, -1]
    assert [m.sigmoid for m in moves] == pytest.approx(
        [0.880797, 0.880797, 0.5, 0.268941], abs=1e-6
    )
    sentence, row = results.moves_sentence(moves), results.move_rows(moves, "logit")[3]
    assert figures(sentence) == {"3", "4", "2"} and "text of b" in sentence
    assert list(row.values()) == ["1 → 4", "0.900", "-1.000 (0.269)", "text of a"]
    assert {"sentence": sentence, "row": row} == pinned


def test_scores_between_0_and_1_are_taken_as_they_are():
    moves = results.reranked(
        hits("a", "b"), Scores(np.array([0.25, 0.75], dtype=np.float32), "sigmoid", 0.1)
    )
    assert [(m.hit.id, m.raw, m.sigmoid) for m in moves] == [("b", 0.75, 0.75), ("a", 0.25, 0.25)]
    assert "0.750" in results.move_rows(moves, "sigmoid")[0].values()


def test_a_first_place_that_is_kept_is_told(pinned):
    moves = results.reranked(
        hits("a", "b", "c"), Scores(np.array([3, 1, 2], dtype=np.float32), "logit", 0.1)
    )
    sentence = results.moves_sentence(moves)
    assert figures(sentence) == {"2", "3"} and "text of a" in sentence
    assert sentence == pinned


def test_an_order_that_stays_is_told(pinned):
    zeros = (Scores(np.zeros(count, dtype=np.float32), "logit", 0.1) for count in (0, 1, 3))
    sentences = {
        results.moves_sentence(results.reranked(hits("a", "b", "c")[: len(scores.raw)], scores))
        for scores in zeros
    }
    assert len(sentences) == 1 and not figures("".join(sentences))
    assert sentences == pinned


def test_a_long_passage_is_named_by_its_beginning():
    assert results.short("x" * 60) == "x" * 60
    assert results.short("word " * 20) == ("word " * 12).rstrip() + "…"


# M3's three outputs

ASKED = Vectors(
    dense=np.array([[1, 0]], np.float32),
    seconds=0.1,
    sparse=({"▁gpu": 0.5, "▁rent": 0.25},),
    multi_vector=(np.array([[1, 0], [0, 1]], np.float32),),
    pieces=(("▁gpu", "▁rent"),),
)
MADE = Vectors(
    dense=np.array([[0.6, 0.8], [0.8, 0.6]], np.float32),
    seconds=0.1,
    sparse=({"▁gpu": 0.5, "▁rent": 0.5, "▁hour": 0.9}, {"▁flat": 0.4}),
    multi_vector=(np.array([[0, 1], [0.6, 0.8]], np.float32), np.array([[1, 0]], np.float32)),
    pieces=(("▁hour", "▁card"), ("▁flat",)),
)
BOTH = ("A GPU is rented by the hour.", "The flat is let.")


def cells(rows):
    return [list(row.values()) for row in rows]


def test_the_three_scores_of_a_passage_are_those_worked_by_hand():
    scores = results.three(ASKED, MADE, BOTH)
    assert cells(scores.rows) == [
        # sparse: 0.5 x 0.5 + 0.25 x 0.5
        # multi-vector: the mean of the best of each query token, 0.6 and 1
        [BOTH[0], "0.600", "0.375", "0.800"],
        [BOTH[1], "0.800", "0.000", "0.500"],
    ]
    text, carried, best = scores.details[0]
    assert text == BOTH[0] and cells(carried) == [
        ["▁gpu", "0.500", "0.500", "0.2500"],
        ["▁rent", "0.250", "0.500", "0.1250"],
    ]
    assert cells(best) == [["▁gpu", "▁card", "0.600"], ["▁rent", "▁hour", "1.000"]]
    assert scores.details[1][1] == [] and [
        nearest for _, nearest, _ in cells(scores.details[1][2])
    ] == ["▁flat", "▁flat"]


def test_outputs_that_do_not_agree_on_the_first_are_told(pinned):
    apart = results.three(ASKED, MADE, BOTH).sentence
    assert re.findall("“([^”]+)”", apart) == [
        BOTH[1],
        BOTH[0],
        BOTH[0],
    ]  # dense, sparse, multi-vector
    agreeing = results.three(ASKED, replace(MADE, dense=MADE.dense[::-1]), BOTH).sentence
    assert re.findall("“([^”]+)”", agreeing) == [BOTH[0]]
    assert {"apart": apart, "agreeing": agreeing} == pinned


def test_an_output_that_is_missing_is_told(pinned):
    sentences = set()
    for lacking in ("sparse", "multi_vector", "pieces"):
        for one, two in (
            (replace(ASKED, **{lacking: None}), MADE),
            (ASKED, replace(MADE, **{lacking: None})),
        ):
            with pytest.raises(EncodeError) as error:
                results.three(one, two, BOTH)
            sentences.add(str(error.value))
    assert len(sentences) == 1 and "BGE M3" in "".join(sentences)  # which has all three
    assert sentences == pinned


def test_an_empty_passage_has_no_token_and_scores_0():
    empty = replace(
        MADE,
        sparse=(MADE.sparse[0], {}),
        multi_vector=(MADE.multi_vector[0], np.empty((0, 2), np.float32)),
        pieces=(MADE.pieces[0], ()),
    )
    scores = results.three(ASKED, empty, (BOTH[0], ""))
    assert cells(scores.rows)[1] == ["", "0.800", "0.000", "0.000"]
    assert scores.details[1] == ("", [], [])
    nothing = replace(
        ASKED, sparse=({},), multi_vector=(np.empty((0, 2), np.float32),), pieces=((),)
    )
    assert [multi for *_, multi in cells(results.three(nothing, MADE, BOTH).rows)] == [
        "0.000",
        "0.000",
    ]


# Two lists


def test_two_lists_stand_side_by_side_in_the_order_of_the_better_place(pinned):
    found = results.beside(hits("a", "b", "c"), hits("c", "d", "b"), ("M3", "Small"))
    assert found.shared == 2
    nowhere = found.rows[0]["Small"]
    assert not figures(nowhere) and cells(found.rows) == [
        ["1", nowhere, "text of a"],
        ["3", "1", "text of c"],
        ["2", "3", "text of b"],
        [nowhere, "2", "text of d"],
    ]
    sentence = results.beside_sentence(found, 3, ("M3", "Small"))
    assert "Small" in sentence and {"2", "3"} <= figures(sentence.replace("M3", ""))
    none, (row,) = results.beside([], hits("a"), ("M3", "Small"))
    assert none == 0 and (row["M3"], row["Small"]) == (nowhere, "1")
    assert {"sentence": sentence, "rows": found.rows} == pinned


@pytest.mark.parametrize(
    ("grades", "counted"),
    [
        ({}, {"1", "3"}),
        ({"b": 2, "d": 1, "z": 1, "a": 0}, {"1", "3", "2"}),
        ({"d": 1}, {"1", "3", "0"}),
    ],
    ids=["nothing judged", "three judged", "one judged"],
)
def test_what_the_instruction_changes_is_counted(pinned, grades, counted):
    sentence = results.instruction_sentence(
        SMALL, "Represent this: ", hits("a", "b", "c"), hits("a", "d", "b"), grades
    )
    assert "“Represent this:”" in sentence and figures(sentence) == counted
    assert sentence == pinned


def test_a_model_without_an_instruction_is_said_to_take_none(pinned):
    one, model = hits("a"), replace(SMALL, model="Some model")
    (sentence,) = {
        results.instruction_sentence(model, instruction, one, one, {"a": 1})
        for instruction in (None, "")
    }
    assert "Some model" in sentence and not figures(sentence)
    assert sentence == pinned


def test_an_endpoint_without_a_variant_is_not_said_to_take_no_instruction(pinned):
    typed = replace(SMALL, engine="remote", where="your endpoint", variant_id=None)
    sentence, known = (
        results.instruction_sentence(about, None, hits("a"), hits("a"), {})
        for about in (typed, SMALL)
    )
    assert "your endpoint" in sentence and sentence.replace("your endpoint", SMALL.model) != known
    assert sentence == pinned


def test_two_that_answer_by_one_name_are_told_apart(pinned):
    assert results.named(SMALL, replace(SMALL, model="M3")) == ("BGE Small EN v1.5", "M3")
    alike, (_, standin) = (
        results.named(SMALL, SMALL),
        results.named(SMALL, replace(SMALL, model="Mini", standin=True)),
    )
    assert alike[0] != alike[1] and all(name.startswith(SMALL.model) for name in alike)
    assert standin.startswith("Mini") and standin != "Mini"
    assert {"of one name": alike, "a stand-in": standin} == pinned


def test_vectors_are_kept_for_the_last_models_and_never_for_an_endpoint():
    model = on_disk.Model("local", pathlib.Path("a"), "A", "embedder", None, None)
    made = []

    def make():
        made.append(Vectors(np.zeros((1, 2), np.float32), 0.1))
        return made[-1]

    shelf = results.Shelf()
    assert (
        shelf.vectors(model, ("x",), make) is shelf.vectors(model, ("x",), make) and len(made) == 1
    )
    shelf.vectors(model, ("y",), make)
    shelf.vectors(replace(model, mark=(1,)), ("x",), make)
    assert len(made) == 3
    shelf.vectors(None, ("x",), make)
    shelf.vectors(None, ("x",), make)
    assert len(made) == 5
    for number in range(results.Shelf.MOST):
        shelf.vectors(replace(model, mark=(2, number)), ("x",), make)
    shelf.vectors(model, ("x",), make)  # the first of all has gone
    assert len(made) == 6 + results.Shelf.MOST
