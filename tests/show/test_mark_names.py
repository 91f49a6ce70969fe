"""Names beside marks: the preferred side, and what moves them from it."""

import pytest

from advisor.show.mark_names import Mark, Obstacle, placed, places


def place(mark, *obstacles, height=275):
    (only,) = places([mark], obstacles, height)
    return only


@pytest.mark.parametrize(("x", "align"), [(0.1, "left"), (0.49, "left"), (0.5, "right")])
def test_names_of_the_left_half_stand_right_of_their_mark_and_the_others_left(x, align):
    chosen = place(Mark(x, 0.5, 6, "Large"))
    assert chosen.align == align and (chosen.dx > 0) is (align == "left")
    assert (chosen.dy > 0) is (align == "left")


@pytest.mark.parametrize(("x", "y"), [(0, 1), (0, 0), (1, 0), (1, 1)])
def test_at_a_corner_a_name_turns_into_the_chart(x, y):
    chosen = place(Mark(x, y, 6, "Multilingual Gemma2 · $121"))
    assert chosen.align == ("left" if x == 0 else "right") and (chosen.dy < 0) is (y == 1)


def test_a_name_makes_way_for_another_and_for_a_mark():
    twins = [Mark(0.3, 0.5, 6, "Large"), Mark(0.3, 0.5, 6, "Base")]
    first, second = places(twins, [], 275)
    assert first == place(twins[0]) and (second.dx, second.dy) != (first.dx, first.dy)
    free = place(twins[0])
    in_the_way = Obstacle(0.33, 0.55, 0.33, 0.55, 6)
    assert place(twins[0], in_the_way) != free


def test_a_name_stands_off_a_line_that_climbs_from_its_mark():
    mark = Mark(0.3, 0.5, 6, "Base · $26")
    line = [Obstacle(0.3, 0.5, 0.4, 0.5, 1), Obstacle(0.4, 0.2, 0.4, 0.5, 1)]
    assert place(mark, *line) == place(mark)


def test_of_several_marks_a_name_takes_the_first_at_which_it_covers_nothing():
    near, far = Mark(0.3, 0.5, 1, "Hosted"), Mark(0.7, 0.5, 1, "Hosted")
    (free,) = placed([[near, far]], [], 275)
    assert free == (near, place(near))
    wall = [Obstacle(0, 0.3, 0.5, 0.7, 1)]
    (moved,) = placed([[near, far]], wall, 275)
    assert moved == (far, place(far))
