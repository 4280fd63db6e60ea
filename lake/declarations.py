"""What all declarations share: their error, and the text that digests are made of."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from stack.errors import PrichalError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: metadata of a field that an earlier release did not have.
LATER: Mapping[str, bool] = MappingProxyType({"later": True})


class DeclarationError(PrichalError):
    """A declaration contradicts itself or names something that does not exist."""


def declaration_text(declaration: "DataclassInstance") -> str:
    """The `repr` of a dataclass; a field with `metadata=LATER` is left out as long as it has its default.

    Digests of tables and snapshots are hashes of this text, so a new field must not change it where it is not used.
    """
    parts = [
        f"{field.name}={getattr(declaration, field.name)!r}"
        for field in fields(declaration)
        if field.repr and not ("later" in field.metadata and getattr(declaration, field.name) == field.default)
    ]
    return f"{type(declaration).__qualname__}({', '.join(parts)})"
