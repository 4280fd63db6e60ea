"""What all declarations share: their error, how mistakes are collected, and the text that digests are made of."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from stack.errors import PrichalError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Declaration = TypeVar("Declaration")

#: metadata of a field that an earlier release did not have.
LATER: Mapping[str, bool] = MappingProxyType({"later": True})
#: the sentences of the mistakes in the block of `collect_mistakes`; None outside of such a block.
_MISTAKES: ContextVar[list[str] | None] = ContextVar("mistakes", default=None)


class DeclarationError(PrichalError):
    """Declarations contradict themselves or name something that does not exist.

    Attributes:
        sentences: one for each mistake; the text lists them if there are several.
    """

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences
        lines = [f"{len(sentences)} mistakes in the declarations:", *(f"- {sentence}" for sentence in sentences)]
        super().__init__(sentences[0] if len(sentences) == 1 else "\n".join(lines))


def run_checks(*checks: Callable[[], None]) -> None:
    """Run all checks.

    Raises:
        DeclarationError: some of them failed; it has the sentences of all.
    """
    sentences: list[str] = []
    for check in checks:
        try:
            check()
        except DeclarationError as error:
            sentences += error.sentences
    refuse(sentences)


def refuse(sentences: list[str]) -> None:
    """Raise a `DeclarationError` of these sentences, each once; do nothing if there is none."""
    if sentences:
        raise DeclarationError(*dict.fromkeys(sentences))


@contextmanager
def collect_mistakes() -> Iterator[None]:
    """Collect the mistakes of all declarations that are made in the block.

    Raises:
        DeclarationError: at the end of the block, with all mistakes.
    """
    mistakes: list[str] = []
    token = _MISTAKES.set(mistakes)
    try:
        yield
    except PrichalError as error:
        mistakes += error.sentences if isinstance(error, DeclarationError) else [str(error)]
    except Exception:
        if not mistakes:  # otherwise it is a consequence of them
            raise
    finally:
        _MISTAKES.reset(token)
    refuse(mistakes)


def collectable(check: Callable[[Declaration], None]) -> Callable[[Declaration], None]:
    """Decorate the `__post_init__` of a declaration: within `collect_mistakes`, a mistake does not stop the others."""

    @wraps(check)
    def checked(declaration: Declaration) -> None:
        mistakes = _MISTAKES.get()
        try:
            check(declaration)
        except DeclarationError as error:
            if mistakes is None:
                raise
            mistakes += error.sentences

    return checked


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
