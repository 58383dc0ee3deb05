"""factory_boy factories whose fields are keyed.

    class CustomerFactory(RecordFactory):
        city = keyed(lambda draw, record: draw.faker("de_DE").city())

The only module here that imports factory_boy (and with it Faker); nothing else may import it at load time.
A field is computed from its own draw and from other fields of the record, so the order in which fields are declared,
and fields added later, change no value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from factory.base import DictFactory
from factory.declarations import BaseDeclaration

from .dataset import Record
from .drawing import Drawing, FieldDraw


class derived(BaseDeclaration):
    """A field whose value is `function(record)`: a consequence of other fields, with no randomness of its own.

    record: the record being built; its fields (and the factory's `Params`) are attributes, computed when first read.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # factory_boy
        self.function = function

    def evaluate_pre(self, instance: Any, step: Any, overrides: dict[str, Any]) -> Any:  # noqa: ARG002 - factory_boy's
        return self.function(instance)


class keyed(BaseDeclaration):
    """A field whose value is `function(draw, record)`. draw: the field's own randomness. record: as for `derived`."""

    def __init__(self, function: Callable[[FieldDraw, Any], Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # factory_boy
        self.function = function
        self.field = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.field = name

    def evaluate_pre(self, instance: Any, step: Any, overrides: dict[str, Any]) -> Any:  # noqa: ARG002 - factory_boy's
        return self.function(instance.draw.field(self.field), instance)


class RecordFactory(DictFactory):
    """Builds one record as a plain dictionary. `Params` of a subclass are computed like fields and left out of it."""

    class Meta:
        abstract = True

    class Params:
        draw = None

    @classmethod
    def _generate(cls, strategy: str, params: dict[str, Any]) -> Any:
        """A flat record is resolved here, in half the time of factory_boy's general machinery.

        That one prepares for nested factories and reads every declaration again for every record. A factory that uses
        more of factory_boy than `keyed`, `derived` and plain values is left to it.
        """
        meta: Any = cls._meta
        declared = {**meta.pre_declarations.declarations, **params}
        nested = any("__" in name for name in params)
        if nested or meta.rename or meta.post_declarations.declarations or not all(map(_is_simple, declared.values())):
            return super()._generate(strategy, params)  # type: ignore[no-untyped-call]  # factory_boy
        record = _Record(declared)
        hidden = {*meta.parameters, *meta.exclude}
        return {name: getattr(record, name) for name in declared if name not in hidden}


class _Record:
    """The record under construction: a field is computed when first read, then it is an ordinary attribute."""

    def __init__(self, declared: dict[str, Any]) -> None:
        self._declared = declared

    def __getattr__(self, name: str) -> Any:
        try:
            value = self._declared[name]
        except KeyError:
            raise AttributeError(f"the factory has no field or parameter {name!r}") from None
        if isinstance(value, keyed | derived):
            value = value.evaluate_pre(self, None, {})
        self.__dict__[name] = value
        return value


def _is_simple(declaration: Any) -> bool:
    return isinstance(declaration, keyed | derived) or not isinstance(declaration, BaseDeclaration)


def build_record(factory_class: type[RecordFactory], drawing: Drawing, entity: str, index: int, **given: Any) -> Record:
    """Record number `index` of an entity. given: fields and parameters that are set instead of drawn."""
    record: Record = factory_class.build(draw=drawing.record(entity, index), **given)
    return record
