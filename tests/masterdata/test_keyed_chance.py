"""Randomness without a stream: values depend on the seed and the key, on nothing else."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.masterdata import Keyed

seeds = st.integers(min_value=-(2**70), max_value=2**70)


@given(seeds, st.permutations(["city", "email", "number", "blocked"]))
def test_a_value_does_not_depend_on_what_was_asked_before(seed: int, order: list[str]) -> None:
    in_order = {name: Keyed(seed).bits("customers", 7, name) for name in sorted(order)}
    keyed = Keyed(seed)
    assert {name: keyed.bits("customers", 7, name) for name in order} == in_order


def test_keys_of_different_parts_or_types_are_different_keys() -> None:
    keyed = Keyed(42)
    keys: list[tuple[str | int, ...]] = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        ("a", "b", "c"),
        (1,),
        ("1",),
        (11,),
        (1, 1),
        (),
    ]
    assert len({keyed.bits(*key) for key in keys}) == len(keys)
    assert Keyed(42).bits("a") != Keyed(43).bits("a")


def test_a_branch_answers_the_keys_below_it() -> None:
    keyed = Keyed(42)
    assert keyed.at("customers", 7).bits("city") == keyed.bits("customers", 7, "city")


def test_values_are_the_same_on_every_machine() -> None:
    keyed = Keyed(42)
    assert keyed.integer("customers", 1, "limit", low=0, high=999_999) == 753973
    assert keyed.uuid("customers", 1, "id") == "6c251073-09e8-48a7-bdba-7fd7174f188c"
    assert keyed.choice(("a", "b", "c"), "x") == "b"
    assert [keyed.distinct(index, "gtin", below=1000) for index in range(5)] == [448, 559, 607, 444, 256]


@given(seeds, st.integers(min_value=1, max_value=400))
def test_distinct_numbers_are_a_permutation(seed: int, below: int) -> None:
    assert sorted(Keyed(seed).distinct(index, "vat", below=below) for index in range(below)) == list(range(below))


def test_distinct_numbers_run_out_with_a_clear_error() -> None:
    with pytest.raises(ValueError, match="only 10 distinct values, number 10 was asked for"):
        Keyed(42).distinct(10, "vat", below=10)


def test_integers_stay_in_their_range_and_reach_both_ends() -> None:
    drawn = {Keyed(42).integer(index, low=-1, high=1) for index in range(100)}
    assert drawn == {-1, 0, 1}
    with pytest.raises(ValueError, match="no integer between 2 and 1"):
        Keyed(42).integer("x", low=2, high=1)


def test_weights_are_kept_and_a_weight_of_zero_is_never_drawn() -> None:
    keyed = Keyed(42)
    drawn = Counter(keyed.weighted((("often", 9), ("never", 0), ("seldom", 1)), index) for index in range(2000))
    assert set(drawn) == {"often", "seldom"}
    assert 1700 < drawn["often"] < 1900


def test_uniform_numbers_lie_in_the_unit_interval() -> None:
    values = [Keyed(42).uniform(index) for index in range(1000)]
    assert all(0 <= value < 1 for value in values)
    assert 0.45 < sum(values) / len(values) < 0.55
