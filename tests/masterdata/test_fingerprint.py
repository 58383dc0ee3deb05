"""The hash of a data set: equal for equal records, and it says which entity differs."""

from __future__ import annotations

from hashlib import sha256

import pytest

from understudy.masterdata import canonical_json, fingerprint


def test_canonical_json_sorts_keys_and_keeps_characters() -> None:
    assert canonical_json({"b": [1, True, None], "a": "Müller"}) == '{"a":"Müller","b":[1,true,null]}'.encode()


def test_what_is_no_json_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"rate": float("nan")})
    with pytest.raises(TypeError):
        canonical_json({"codes": {"A"}})


def test_the_hash_is_the_documented_one() -> None:
    entity = sha256(b'[{"code":"MAIN"}]').hexdigest()
    whole = sha256(f'{{"locations":"{entity}"}}'.encode()).hexdigest()
    result = fingerprint({"locations": [{"code": "MAIN"}], "items": []})
    assert (result.hash, [(row.entity, row.count, row.hash) for row in result.entities]) == (
        whole,
        [("locations", 1, entity)],
    )


def test_order_of_entities_and_of_fields_does_not_count_order_of_records_does() -> None:
    one = fingerprint({"a": [{"x": 1, "y": 2}, {"x": 3}], "b": [{}]})
    assert fingerprint({"b": [{}], "a": [{"y": 2, "x": 1}, {"x": 3}]}) == one
    assert fingerprint({"a": [{"x": 3}, {"x": 1, "y": 2}], "b": [{}]}) != one


def test_only_the_changed_entity_has_another_hash() -> None:
    before = fingerprint({"a": [{"x": 1}], "b": [{"x": 1}]})
    after = fingerprint({"a": [{"x": 1}], "b": [{"x": 2}]})
    assert before.hash != after.hash
    assert before.entities[0] == after.entities[0]
    assert before.entities[1] != after.entities[1]
