"""Randomness without a stream: every value is a function of the seed and a key, so no draw can shift another one.

A stream hands out values in the order of asking: one more question at the start and everything after it changes. Here
`keyed.integer("customers", 7, "creditLimit", low=0, high=9)` is the same number whoever asks what before, on any
machine and under any PYTHONHASHSEED.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")
Key = str | int


@lru_cache(maxsize=4096, typed=True)
def _encode(part: Key) -> bytes:
    """Tagged with its type and prefixed with its length: ("ab", "c") and ("a", "bc"), 1 and "1" are different keys."""
    tag, text = (b"i", str(int(part))) if isinstance(part, int) else (b"s", part)
    raw = text.encode()
    return tag + len(raw).to_bytes(4, "big") + raw


class Keyed:
    """The values of one seed, or of one branch of it: `keyed.at("customers", 7)` answers the keys below that key."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = blake2b(_encode(seed), digest_size=16)

    def at(self, *key: Key) -> Keyed:
        """The branch below `key`; `keyed.at("a").bits("b") == keyed.bits("a", "b")`."""
        branch = Keyed.__new__(Keyed)
        branch._state = self._absorb(key)
        return branch

    def bits(self, *key: Key) -> int:
        """A uniform integer of 128 bits."""
        return int.from_bytes(self._absorb(key).digest(), "big")

    def integer(self, *key: Key, low: int, high: int) -> int:
        """A uniform integer, both ends included. Raises ValueError when the range is empty."""
        if high < low:
            raise ValueError(f"no integer between {low} and {high}")
        return low + self.bits(*key) % (high - low + 1)

    def uniform(self, *key: Key) -> float:
        """A number in [0, 1) for weighing alternatives, never for amounts of money."""
        return (self.bits(*key) >> 75) / (1 << 53)

    def choice(self, options: Sequence[T], *key: Key) -> T:
        """One of the options, all equally likely. Raises ValueError when there are none."""
        return options[self.integer(*key, low=0, high=len(options) - 1)]

    def weighted(self, options: Sequence[tuple[T, int]], *key: Key) -> T:
        """One of `(option, weight)`; weights are integers of at least 0 with a sum of at least 1."""
        rest = self.integer(*key, low=1, high=sum(weight for _, weight in options))
        for option, weight in options:
            rest -= weight
            if rest <= 0:
                return option
        raise AssertionError("the weights add up to more than their sum")

    def uuid(self, *key: Key) -> str:
        """A UUID in the form of version 4."""
        return str(UUID(int=self.bits(*key), version=4))

    def distinct(self, index: int, *key: Key, below: int) -> int:
        """A number in [0, below) that no other index below `below` gets: unique by construction, without a memory.

        A keyed permutation: four Feistel rounds over the smallest even number of bits that holds `below`, repeated
        until the number is in range (which stays one to one, as the walk never leaves its cycle).
        Raises ValueError when the index is not in [0, below).
        """
        if not 0 <= index < below:
            raise ValueError(f"only {below} distinct values, number {index} was asked for")
        half = max(1, ((below - 1).bit_length() + 1) // 2)
        mask = (1 << half) - 1
        branch = self.at(*key)
        number = index
        while True:
            left, right = number >> half, number & mask
            for round_ in range(4):
                left, right = right, left ^ (branch.bits(round_, right) & mask)
            number = left << half | right
            if number < below:
                return number

    def _absorb(self, key: tuple[Key, ...]) -> blake2b:
        state = self._state.copy()
        for part in key:
            state.update(_encode(part))
        return state
