"""Keyed randomness: each draw depends on the seed and its key alone, never on the draws before it.

So a new field, a new record or a new step shifts nothing else (design decision 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chance:
    """seed: any integer. Keys are strings and integers; the same key gives the same draw on every machine."""

    seed: int

    def bits(self, *key: str | int) -> int:
        """64 uniform bits."""
        return int.from_bytes(self._digest(8, key), "big")

    def integer(self, *key: str | int, low: int, high: int) -> int:
        """Uniform in low..high, both included."""
        return low + self.bits(*key) % (high - low + 1)

    def uniform(self, *key: str | int) -> float:
        """Uniform in [0, 1)."""
        return (self.bits(*key) >> 11) / (1 << 53)

    def choice(self, items: Sequence[T], *key: str | int) -> T:
        return items[self.bits(*key) % len(items)]

    def hex(self, *key: str | int, digits: int = 16) -> str:
        return self._digest((digits + 1) // 2, key).hex()[:digits]

    def uuid(self, *key: str | int) -> str:
        """A version 4 UUID (RFC 9562 section 5.4) whose bits come from the key."""
        raw = bytearray(self._digest(16, key))
        raw[6] = (raw[6] & 0x0F) | 0x40
        raw[8] = (raw[8] & 0x3F) | 0x80
        h = raw.hex()
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def _digest(self, size: int, key: tuple[str | int, ...]) -> bytes:
        digest = blake2b(b"%d" % self.seed, digest_size=size)
        for part in key:
            text = str(part).encode()
            digest.update(b"%c%d:" % (b"i" if isinstance(part, int) else b"s", len(text)) + text)
        return digest.digest()
