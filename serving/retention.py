"""Retention: the age at which a project removes what grows."""

from dataclasses import dataclass

from stack.errors import PrichalError


class RetentionError(PrichalError):
    """A project declares an age that is not allowed."""


@dataclass(frozen=True)
class Retention:
    """Ages in days, counted back from the latest day of scores; `runs` and `quarantine` from today.

    Attributes:
        scores_days: days of scores, plans and drift, and snapshots that only these days need.
        snapshots_days: snapshots that no training needs; they are built again from the lake when they are needed.
        logged_days: logged features.
        score_files_days: files of scores, which the mart holds too.
        quarantine_days: refused rows.
        runs_days: rows of `ops.runs`, unless a kept score needs them.
        versions_days: registered versions that were never in production and have no alias.
    """

    scores_days: int = 730
    snapshots_days: int = 90
    logged_days: int = 180
    score_files_days: int = 7
    quarantine_days: int = 90
    runs_days: int = 730
    versions_days: int = 365

    def __post_init__(self) -> None:
        for name, days in vars(self).items():
            if days < 1:
                raise RetentionError(f"Retention: {name} is {days}, but must be at least 1.")
        if self.snapshots_days > self.scores_days:
            raise RetentionError(
                f"Retention: snapshots_days is {self.snapshots_days}, more than scores_days {self.scores_days}; "
                "explanations need snapshots of kept scores only."
            )
