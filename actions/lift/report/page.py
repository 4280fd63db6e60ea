"""The page of measured lift, for a marketer: tables with numbers and verdicts in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from actions.lift.measure.estimate import ADJUSTED
from actions.lift.measure.lift_row import (
    ALL_ACTIONS,
    ALL_CAMPAIGNS,
    CAMPAIGN_CONTROL,
    GLOBAL_CONTROL_GROUP,
    HARMED,
    NOT_KNOWN_YET,
    LiftRow,
)
from actions.lift.report.lift_table import sentences
from registry.review_page.blocks import Block, Items, Page, Picture, Section, TableBlock, Text

CAPTIONS = {
    "lift_by_campaign": "Lift of each campaign. A line that crosses 0 shows no sure difference.",
    "money_by_campaign": "Value of the people kept minus the cost of the campaign.",
    "lift_by_action": "Lift of each action, among the people who could get it.",
    "lift_by_segment": "Lift in each segment.",
}
HEADS = ("", "people treated", "in control", "treated stayed", "control stayed", "lift, points (95% interval)",
         "people kept", "money", "")  # fmt: skip
NO_GLOBAL_CONTROL = (
    "No comparison with the global control group: no matured campaign has people who were assigned to it. "
    "Campaigns that `assign` opens have them."
)


@dataclass(frozen=True)
class LiftPage:
    """What the page shows.

    Attributes:
        project: name of the project.
        measured_on: day of the measurement.
        rows: all rows.
        currency: of the amounts.
        basis: where the value of a person comes from.
        influence: sentences about the effect of contacts on labels and on quality figures.
    """

    project: str
    measured_on: date
    rows: Sequence[LiftRow]
    currency: str
    basis: str
    influence: Sequence[str] = ()

    def page(self, pictures: Mapping[str, bytes]) -> Page:
        """The page; `pictures` are PNG files by name."""
        wholes = self._wholes(CAMPAIGN_CONTROL)
        total = [(row, text) for row, text in wholes if row.campaign == ALL_CAMPAIGNS]
        verdict = f"All campaigns together: {total[0][1]}." if total else "No campaign has matured labels yet."
        is_good = not total or total[0][0].conclusion != HARMED
        measured = [pair for pair in wholes if pair[0].conclusion != NOT_KNOWN_YET]
        sections = [
            Section("Campaigns against their control groups", self._table(measured)),
            Section("All campaigns against the global control group", self._global_control()),
            Section("Groups, all campaigns together", self._groups()),
            Section("Groups that were harmed", self._harmed()),
            Section("Not known yet", self._not_known_yet()),
            Section("Pictures", [Picture(CAPTIONS[name], png) for name, png in pictures.items()]),
            Section("How contacts change labels", [Items(self.influence)]),
        ]
        shown = [section for section in sections if any(map(_has_content, section.blocks))]
        title = f"{self.project}, measured on {self.measured_on}"
        return Page(title, is_good, verdict, [Items(self._explanations())], shown, "Lift")

    def _explanations(self) -> list[str]:
        adjusted = [row for row in self.rows if row.estimate is not None]
        count = sum(row.estimate is not None and row.estimate.method == ADJUSTED for row in adjusted)
        return [
            "Lift is the share of treated people who stayed, minus the share of control people who stayed.",
            "A person counts as treated if treatment was assigned, whatever was delivered or opened.",
            f"People kept is lift times people treated. Money is the value of these people minus the cost, in "
            f"{self.currency}; the amounts are {self.basis}.",
            f"{count:,} of {len(adjusted):,} comparisons are adjusted by the score before the campaign, which makes "
            "their intervals shorter. For the others the score is missing, or too few people left.",
            "Among groups of one campaign, at most 5% of the named differences are false on average "
            "(Benjamini and Hochberg).",
        ]

    def _wholes(self, comparison: str) -> list[tuple[LiftRow, str]]:
        pairs = zip(self.rows, sentences(self.rows), strict=True)
        return [(row, text) for row, text in pairs if row.is_whole and row.comparison == comparison]

    def _global_control(self) -> list[Block]:
        rows = [pair for pair in self._wholes(GLOBAL_CONTROL_GROUP) if pair[0].estimate is not None]
        return self._table(rows) or [Text(NO_GLOBAL_CONTROL)]

    def _groups(self) -> list[Block]:
        pairs = zip(self.rows, sentences(self.rows), strict=True)
        return self._table(
            [
                (row, text)
                for row, text in pairs
                if row.campaign == ALL_CAMPAIGNS and not row.is_whole and row.comparison == CAMPAIGN_CONTROL
            ]
        )

    def _harmed(self) -> list[Block]:
        harmed = [
            f"{row.campaign}, {row.name}, against {row.comparison}: {text}"
            for row, text in zip(self.rows, sentences(self.rows), strict=True)
            if row.conclusion == HARMED
        ]
        return [Items(harmed)] if harmed else [Text("No group was surely harmed.")]

    def _not_known_yet(self) -> list[Block]:
        rows = [
            (row.campaign, f"{row.treated:,}", f"{row.control:,}", str(row.matures_on))
            for row, _ in self._wholes(CAMPAIGN_CONTROL)
            if row.conclusion == NOT_KNOWN_YET
        ]
        return [TableBlock(("campaign", "people treated", "in control", "known on"), rows)] if rows else []

    def _table(self, pairs: Sequence[tuple[LiftRow, str]]) -> list[Block]:
        heads = [head.replace("money", f"money, {self.currency}") for head in HEADS]
        return [TableBlock(heads, [_cells(row, text) for row, text in pairs])] if pairs else []


def _cells(row: LiftRow, sentence: str) -> list[str]:
    name = row.campaign if row.is_whole else row.name.removeprefix("action " if row.action != ALL_ACTIONS else "")
    counts = [name, f"{row.treated:,}", f"{row.control:,}"]
    lift, people, money = row.estimate, row.people_kept, row.money
    if lift is None or people is None or money is None:
        return [*counts, "", "", "", "", "", sentence]
    interval = f"{100 * lift.value:+.1f} ({100 * lift.low:+.1f} to {100 * lift.high:+.1f})"
    shares = [f"{lift.retention_treated:.1%}", f"{lift.retention_control:.1%}", interval]
    return [*counts, *shares, f"{people[0]:+,.0f}", _money(money), sentence]


def _money(money: tuple[float, float, float]) -> str:
    value, low, high = money
    return f"{value:+,.0f} ({low:+,.0f} to {high:+,.0f})"


def _has_content(block: Block) -> bool:
    return not (isinstance(block, Items) and not block.items)
