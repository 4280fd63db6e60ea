"""The training frame: matured snapshots of one population, read from the lake."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.declare.label import ALREADY_LEFT, HOW, LABEL
from stack.errors import PrichalError
from training.data.validation import OUT_OF_TIME, VALIDATION_NAMES


class TooLittleDataError(PrichalError):
    """The data has too few rows or dates for the declared validation."""


@dataclass(frozen=True)
class Frame:
    """Rows of snapshots: `rows` (n, features), `labels` (n,), `entity` (n,), `as_of` (n,) as dates.

    With a declared contract: `already_left` (n,), auto-renew was off at the date; `how` (n,), voluntary, involuntary
    or None.
    """

    #: kind of validation; see `training/data/validation.py`.
    validation: ClassVar[str] = OUT_OF_TIME

    names: tuple[str, ...]
    rows: NDArray[np.float64]
    labels: NDArray[np.int_]
    entity: NDArray[np.int_] | NDArray[np.object_]
    as_of: NDArray[np.datetime64]
    already_left: NDArray[np.bool_] | None = None
    how: NDArray[np.object_] | None = None

    def at(self, dates: Iterable[date]) -> "Frame":
        """Only the rows of these snapshot dates."""
        selected = np.isin(self.as_of, np.array(sorted(dates), dtype="datetime64[D]"))
        return self.only(selected)

    def only(self, mask: NDArray[np.bool_]) -> "Frame":
        """Only the rows where `mask` is True."""
        flag = None if self.already_left is None else self.already_left[mask]
        how = None if self.how is None else self.how[mask]
        return Frame(self.names, self.rows[mask], self.labels[mask], self.entity[mask], self.as_of[mask], flag, how)

    @property
    def dates(self) -> tuple[date, ...]:
        """Its snapshot dates, in order."""
        return tuple(np.unique(self.as_of).astype("datetime64[D]").tolist())

    @property
    def dated(self) -> bool:
        """Whether validation splits its rows by date."""
        return self.validation == OUT_OF_TIME

    @property
    def validation_name(self) -> str:
        """Name of its test rows: out of time, or held out."""
        return VALIDATION_NAMES[self.validation]

    @property
    def undecided(self) -> "Frame | None":
        """Rows with auto-renew on; None without a declared contract."""
        return None if self.already_left is None else self.only(~self.already_left)

    def __len__(self) -> int:
        return len(self.labels)

    def digest(self) -> str:
        """SHA-256 of names, rows, labels, entities and dates: equal data has an equal digest."""
        digest = hashlib.sha256(repr(self.names).encode())
        for part in (self.rows, self.labels, self.as_of.astype("datetime64[D]").astype(np.int64)):
            digest.update(np.ascontiguousarray(part).tobytes())
        for names in (self.entity, self.already_left, self.how):
            if names is not None:
                digest.update("\n".join(map(str, names)).encode())
        return digest.hexdigest()

    def pandas(self) -> pd.DataFrame:
        """The same rows as a data frame."""
        frame = pd.DataFrame(self.rows, columns=list(self.names))
        frame.insert(0, "as_of", self.as_of)
        frame.insert(0, "entity", self.entity)
        return frame.assign(**{LABEL: self.labels})


def read_frame(
    folders: Sequence[Path], names: Sequence[str], entity: str, population: str, *, matured: bool = True
) -> Frame:
    """Read matured snapshots, ordered by date and entity.

    Args:
        folders: one folder of Parquet files per snapshot date.
        names: features, in the model's order.
        entity: name of the entity's column.
        population: only its members are read.
        matured: whether to read rows with a label only; otherwise a label that is not known yet is 0.

    Raises:
        TooLittleDataError: no row at all.
    """
    columns = [entity, "population", LABEL, HOW, ALREADY_LEFT, *names]
    # pandas derives the types of columns from empty tables too, unless they are left out.
    parts = [
        part.assign(as_of=pd.Timestamp(folder.parent.name.removeprefix("as_of=")))
        for folder in folders
        if not (part := _read_folder(folder, columns)).empty
    ]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*columns, "as_of"])
    is_read = (frame["population"] == population) & (frame[LABEL].notna() | (not matured))
    frame = frame[is_read].sort_values(["as_of", entity], kind="stable")
    if frame.empty:
        raise TooLittleDataError(
            f"Population {population} has no matured row in {len(folders)} snapshots: ingest more data."
        )
    return Frame(
        names=tuple(names),
        rows=frame[list(names)].to_numpy(dtype=np.float64, na_value=np.nan),
        labels=frame[LABEL].fillna(0).to_numpy(dtype=np.int_),
        entity=frame[entity].to_numpy(),
        as_of=frame["as_of"].to_numpy().astype("datetime64[D]"),
        already_left=frame[ALREADY_LEFT].to_numpy(dtype=np.bool_) if frame[ALREADY_LEFT].notna().all() else None,
        how=frame[HOW].to_numpy(dtype=object) if frame[HOW].notna().any() else None,
    )


def _read_folder(folder: Path, columns: list[str]) -> pd.DataFrame:
    files = sorted(folder.glob("*.parquet"))
    return (
        pd.concat([pd.read_parquet(file, columns=columns) for file in files])
        if files
        else pd.DataFrame(columns=columns)
    )
