"""Drawing the fields of generated records: each field has its own chance and its own freshly seeded Faker.

    drawing = Drawing(seed=42)
    draw = drawing.record("customers", 7).field("city")
    draw.chance.integer("floor", low=1, high=9)
    draw.faker("de_DE").city()

Faker's own stream would tie every value to the number of values drawn before it; so it is seeded anew for each field,
from (seed, entity, record number, field). Faker is imported with the first Faker value, not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .keyed import Key, Keyed

PROVIDERS = ("faker.providers.person", "faker.providers.company", "faker.providers.address")
"""Loading all of Faker's providers takes ten times as long; records about people and firms need these."""


class Fakers:
    """One Faker per locale, made when first asked for. Belongs to one drawing; nothing is shared between two."""

    def __init__(self, providers: Sequence[str] = PROVIDERS) -> None:
        self._providers = list(providers)
        self._by_locale: dict[str, Any] = {}

    def seeded(self, locale: str, seed: int) -> Any:
        """The locale's Faker at the start of the stream of `seed`. Raises AttributeError for an unknown locale.

        Untyped, since Faker adds its methods at run time.
        """
        generator = self._by_locale.get(locale)
        if generator is None:
            from faker.factory import Factory

            generator = self._by_locale[locale] = Factory.create(locale, providers=self._providers)
        generator.seed_instance(seed)
        return generator


@dataclass(frozen=True, slots=True)
class FieldDraw:
    """Everything random that one field of one record may use.

    name: the field. index: number of the record within its entity. chance: this field's of this record.
    of_entity: the entity's, the same for all its records.
    """

    name: str
    index: int
    chance: Keyed
    of_entity: Keyed
    fakers: Fakers

    def faker(self, locale: str) -> Any:
        """The locale's Faker, at a point that only this field knows: a second call starts over."""
        return self.fakers.seeded(locale, self.chance.bits("faker"))

    def distinct(self, *key: Key, below: int, index: int | None = None) -> int:
        """A number in [0, below) that this field has in no other record of the entity (see `Keyed.distinct`).

        index: the record's own number unless given; each index gets one number. key: separates independent series.
        """
        return self.of_entity.distinct(self.index if index is None else index, self.name, *key, below=below)


@dataclass(frozen=True, slots=True)
class RecordDraw:
    """The draws of one record, by field name."""

    index: int
    chance: Keyed
    of_entity: Keyed
    fakers: Fakers

    def field(self, name: str) -> FieldDraw:
        return FieldDraw(name, self.index, self.chance.at(name), self.of_entity, self.fakers)


class Drawing:
    """The draws of one data set. seed: any integer."""

    def __init__(self, seed: int, providers: Sequence[str] = PROVIDERS) -> None:
        self._keyed = Keyed(seed)
        self._fakers = Fakers(providers)

    def record(self, entity: str, index: int) -> RecordDraw:
        of_entity = self._keyed.at(entity)
        return RecordDraw(index, of_entity.at(index), of_entity, self._fakers)
