"""`mart.campaign_lift`: the rows of a project, replaced in one transaction."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from actions.lift.measure.lift_row import ALL_CAMPAIGNS, LiftRow
from actions.lift.measure.verdict import verdict
from stack.postgres import connect

COLUMNS = (
    "project", "campaign", "action", "segment", "comparison", "measured_on", "matures_on", "treated", "control",
    "pending", "retention_treated", "retention_control", "lift", "lift_low", "lift_high", "p_value",
    "adjusted_p_value", "smallest_visible_lift", "method", "people_kept", "people_kept_low", "people_kept_high",
    "money", "money_low", "money_high", "cost", "currency", "conclusion", "verdict",
)  # fmt: skip
COPY = f"copy mart.campaign_lift ({', '.join(COLUMNS)}) from stdin"


@dataclass(frozen=True)
class LiftTable:
    """The rows of one project.

    Attributes:
        database_url: of the mart.
        project: whose campaigns are measured.
        currency: of the amounts.
    """

    database_url: str
    project: str
    currency: str

    def replace(self, measured_on: date, since: date, rows: Sequence[LiftRow]) -> None:
        """Replace the rows of the project; a reader sees the old rows or the new ones.

        Args:
            measured_on: day of the measurement.
            since: campaigns whose labels matured before this day keep their rows, if they were not measured again.
            rows: of all campaigns that were measured.
        """
        with connect(self.database_url, role="prichal_writer") as connection:
            # Two runs at once would each insert their rows: the second one waits until the first one has ended.
            connection.execute("select pg_advisory_xact_lock(hashtext('prichal.lift'), hashtext(%s))", [self.project])
            connection.execute(
                "delete from mart.campaign_lift where project = %s and (matures_on >= %s or campaign = any(%s))",
                [self.project, since, [ALL_CAMPAIGNS, *{row.campaign for row in rows}]],
            )
            with connection.cursor().copy(COPY) as target:
                for row, sentence in zip(rows, sentences(rows), strict=True):
                    target.write_row((self.project, *_values(measured_on, self.currency, row, sentence)))


def sentences(rows: Sequence[LiftRow]) -> Iterator[str]:
    """The verdict of each row; the row of a whole campaign names the groups that were harmed."""
    groups: dict[tuple[str, str], list[LiftRow]] = defaultdict(list)
    for row in rows:
        if not row.is_whole:
            groups[row.campaign, row.comparison].append(row)
    for row in rows:
        yield verdict(row, groups[row.campaign, row.comparison] if row.is_whole else ())


def _values(measured_on: date, currency: str, row: LiftRow, sentence: str) -> tuple[object, ...]:
    lift = row.estimate
    figures: tuple[object, ...] = (None,) * 9
    if lift is not None:
        adjusted = None if np.isnan(row.adjusted_p_value) else row.adjusted_p_value
        figures = (lift.retention_treated, lift.retention_control, lift.value, lift.low, lift.high, lift.p_value,
                   adjusted, lift.smallest_visible, lift.method)  # fmt: skip
    nothing = (None, None, None)
    return (
        row.campaign, row.action, row.segment, row.comparison, measured_on, row.matures_on, row.treated,
        row.control, row.pending, *figures, *(row.people_kept or nothing), *(row.money or nothing), row.cost, currency,
        row.conclusion, sentence,
    )  # fmt: skip
