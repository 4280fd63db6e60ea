"""Erased people: their identifiers as salted hashes, the columns that hold them, and rows that must not come back."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.source import Source

#: kind of an identifier that names the person; anonymous ids have the column of their login as kind.
PERSON = "entity"
#: kind of a column with text in which a person may occur as a word.
TEXT = "text"
#: the letters of a word in raw text; everything else separates words.
_SEPARATORS = r"[^0-9A-Za-z_-]+"


@dataclass(frozen=True)
class ErasedPeople:
    """Hashes of all erased identifiers of a project.

    Attributes:
        entity: name of the project's entity, such as `user_id`.
        salt: text that each hash begins with.
        hashes: SHA-256 of salt, kind and identifier, as `ops.identifier_hash` computes it.
    """

    entity: str
    salt: str
    hashes: frozenset[str]

    def has(self, kind: str, identifier: object) -> bool:
        """Whether the identifier was erased.

        >>> people = ErasedPeople("user_id", "s", frozenset({hashlib.sha256(b"s:entity:ann").hexdigest()}))
        >>> people.has(PERSON, "ann"), people.has(PERSON, "bob")
        (True, False)
        """
        return hashlib.sha256(f"{self.salt}:{kind}:{identifier}".encode()).hexdigest() in self.hashes

    def _is_in(self, kind: str, text: str) -> bool:
        if kind != TEXT:
            return self.has(kind, text)
        return any(self.has(PERSON, word) for word in set(re.split(_SEPARATORS, text)))

    def mask(self, table: pa.Table | pa.RecordBatch, kinds: Mapping[str, str]) -> pa.Array:
        """For each row: whether one of its columns holds an erased identifier.

        A row that names another person in a column of kind `entity` belongs to that person.

        Args:
            table: n rows.
            kinds: column -> kind of identifier; columns that the table does not have are passed over.

        Returns:
            (n,) booleans without nulls.
        """
        erased = pa.array([False] * table.num_rows)
        for column, kind in sorted(kinds.items(), key=lambda item: item[1] == PERSON):  # anonymous ids first
            if column not in table.column_names:
                continue
            texts = pc.cast(table.column(column), pa.string())
            matching = [text for text in pc.unique(texts).to_pylist() if text is not None and self._is_in(kind, text)]
            matches = pc.fill_null(pc.is_in(texts, value_set=pa.array(matching, pa.string())), False)
            if kind == PERSON:
                names_nobody = pc.fill_null(pc.equal(texts, ""), True)
                matches = pc.or_(matches, pc.and_(erased, names_nobody))
            else:
                matches = pc.or_(matches, erased)
            erased = matches.combine_chunks() if isinstance(matches, pa.ChunkedArray) else matches
        return erased


def identifier_kinds(source: Source, entity: str) -> dict[str, str]:
    """The columns of a source that identify a person, with the kind of identifier.

    Args:
        source: the declaration.
        entity: the project's entity; a source about another entity, such as titles, identifies nobody.
    """
    if source.entity != entity:
        return {}
    if source.identity is None:
        return {source.entity: PERSON}
    identity = source.identity
    kinds = {identity.id: login_kind(source)}
    return kinds if identity.own is None else {**kinds, identity.own: PERSON}


def login_kind(source: Source) -> str:
    """The kind of the anonymous ids of a source: source and column of the logins."""
    assert source.identity is not None  # noqa: S101  # called for sources with anonymous ids
    return f"{source.identity.links.name}.{source.identity.link_id}"


def without_erased(sql: str, source: Source, erased: ErasedPeople | None) -> str:
    """The query of validated rows, without rows of erased people; DuckDB runs it."""
    condition = None if erased is None else erased_sql(source, erased)
    return sql if condition is None else f"select * from ({sql}) where not ({condition})"


def erased_sql(source: Source, erased: ErasedPeople) -> str | None:
    """The condition that a validated row belongs to an erased person; None if no row of the source can.

    A row that cannot be used belongs to the person if its text contains the person as a word.
    """
    kinds = identifier_kinds(source, erased.entity)
    if not kinds or not erased.hashes:
        return None
    person_columns = [column for column, kind in kinds.items() if kind == PERSON]
    others = [column for column, kind in kinds.items() if kind != PERSON]
    conditions = [_is_erased(_text(column), PERSON, erased) for column in person_columns]
    names_nobody = "".join(f" and {_text(column)} = ''" for column in person_columns)
    conditions += [_is_erased(_text(column), kinds[column], erased) + names_nobody for column in others]
    words = (
        f"list_transform(string_split_regex(_raw, '{_SEPARATORS}'), lambda word: {_is_erased('word', PERSON, erased)})"
    )
    conditions.append(f"_raw is not null and list_bool_or({words})")
    return " or ".join(f"({condition})" for condition in conditions)


def _text(column: str) -> str:
    return f"coalesce(\"{column}\"::varchar, '')"


def _is_erased(text: str, kind: str, erased: ErasedPeople) -> str:
    hashes = ", ".join(f"'{sha256}'" for sha256 in sorted(erased.hashes))
    return f"sha256('{erased.salt}:{kind}:' || {text}) in ({hashes})"
