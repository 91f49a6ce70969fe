"""Tables to take away are text to a spreadsheet, whichever sign it divides at."""

import csv
import io

import pytest

from advisor.base import spreadsheet
from advisor.show import downloads

FORMULA = '=HYPERLINK("http://example.test","x")'


@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\n", " \n "])
@pytest.mark.parametrize("sign", ["=1+1", "+1", "-1", "@SUM(1)", "\uff1d1", FORMULA])
def test_neither_a_cell_nor_a_heading_begins_a_formula(before, sign):
    text = before + sign
    assert list(csv.reader(io.StringIO(downloads.table_csv([{text: text}]), newline=""))) == [
        [f"'{text}"],
        [f"'{text}"],
    ]


@pytest.mark.parametrize("divided_at", [";", "\t", "|"])
def test_no_formula_comes_of_another_sign_between_cells(divided_at):
    text = f'a{divided_at}{FORMULA}{divided_at}"{divided_at}=1'
    rows = list(
        csv.reader(
            io.StringIO(downloads.table_csv([{"id": "p1", "Text": text, "n": 1}])),
            delimiter=divided_at,
        )
    )
    assert not [
        cell for row in rows for cell in row if cell.startswith(spreadsheet.SPREADSHEET_SIGNS)
    ]


def test_numbers_and_plain_texts_are_left_as_they_are():
    assert (
        downloads.table_csv([{"Query": "why, then", "nDCG@10": -0.5, "Note": None}])
        == '"Query","nDCG@10","Note"\n"why, then",-0.5,""\n'
    )
