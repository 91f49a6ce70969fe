from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from advisor.base import validation
from advisor.base.ids import ID_PATTERN

SECRET = "sk-5ecret"


def _no_stone(word: str) -> str:
    if word == "stone":
        raise PydanticCustomError("stone", "It is a stone. Write bread.")
    return word


class Meal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=ID_PATTERN)] = "soup"
    bread: Annotated[str, AfterValidator(_no_stone)] = "rye"
    letters: Annotated[str, Field(pattern="^[abc]+$")] = "abc"
    cups: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1,)
    guest: "Meal | None" = None


def faults(stated, *arguments, **keywords):
    with pytest.raises(ValidationError) as error:
        Meal.model_validate(stated)
    return validation.faults(error.value, *arguments, **keywords)


@pytest.mark.parametrize(
    ("stated", "sentence"),
    [
        ({"cups": (0, 2)}, "cups.0: 0: input should be greater than or equal to 1."),
        ({"cups": [0]}, "cups.0: 0: input should be greater than or equal to 1."),
        ({"cups": ()}, "cups: []: list should have at least 1 item, not 0."),
        ({"cups": 5}, "cups: 5: input should be a valid list."),
        ({"name": "Ω" * 99},
            f"name: '{'Ω' * 56}... is no id of small letters and digits, such as bge-m3."),
        ({"letters": "d"}, "letters: 'd': string should match pattern '^[abc]+$'."),
        ({"bread": "stone"}, "bread: It is a stone. Write bread."),
        ({"spoon": 1}, "no field 'spoon'."),
        ({"guest": {"spoon": 1}}, "guest: no field 'spoon'."),
        ({1: 1}, "no field '1'."),
        ([], "[]: input should be a mapping of fields."),
    ],
)  # fmt: skip
def test_a_fault_is_a_sentence_with_its_place_and_value(stated, sentence):
    (fault,) = faults(stated)
    assert str(fault) == sentence


def test_no_value_is_repeated_where_it_could_be_a_key():
    every = {"name": SECRET.upper(), "letters": SECRET, "cups": SECRET, "guest": SECRET}
    leaks = faults(every, show_values=False)
    assert len(leaks) == len(every) and not any(SECRET in str(fault).lower() for fault in leaks)


def test_a_remedy_stands_for_a_pattern_and_not_beside_a_sentence_of_ours():
    def remedy(place, kind):
        return f"Mend {place}, {kind}."

    letters, bread = sorted(faults({"letters": "d", "bread": "stone"}, remedy), reverse=True)
    assert letters.problem == "'d' is not of the form that this field has."
    assert letters.remedy == "Mend letters, string_pattern_mismatch." and bread.remedy == ""


def test_every_fault_names_its_file_and_entry():
    two = faults({"name": "", "cups": ()}, file="meals.yaml", entry="meal 2")
    assert [(fault.file, fault.entry, fault.field) for fault in two] == [
        ("meals.yaml", "meal 2", "name"),
        ("meals.yaml", "meal 2", "cups"),
    ]
