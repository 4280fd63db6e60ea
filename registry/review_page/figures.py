"""How good: on the same rows, by each one's own evidence, among whom, and for whom it changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.gate.measurements import Measurements
from registry.review_page.blocks import (
    UNKNOWN,
    Block,
    Items,
    Picture,
    Section,
    TableBlock,
    Text,
    count,
    dig,
    rows_of,
    said,
)
from registry.review_page.contenders import both, called
from registry.versions.versions import Contenders

#: name in the evidence -> what it is called, and its digits.
FIGURES = {
    "auc": ("ROC-AUC", 4),
    "average_precision": ("average precision", 4),
    "log_loss": ("log-loss", 4),
    "calibration_error": ("calibration error", 4),
    "calibration_slope": ("calibration slope", 2),
    "recall_at_10pct": ("found in the riskiest 10%", 3),
    "lift_at_10pct": ("lift of the riskiest 10%", 2),
}


def versus(contenders: Contenders, measured: Measurements | None, pictures: Sequence[Picture]) -> Section:
    """Side by side with production."""
    title = "Figures" if contenders.production is None else "Side by side with production"
    same = _same_rows(contenders, measured)
    return Section(title, [*same, *_own_rows(contenders), *pictures], None)


def _same_rows(contenders: Contenders, measured: Measurements | None) -> list[Block]:
    if measured is None:
        return [Text("Nothing was measured for this promotion, or what was measured cannot be used.")]
    rows = measured.rows
    told = (
        f"Scored now on {rows.rows:,} matured rows ({_dates(rows.dates)}), of which {rows.left:,} left; "
        "95% intervals over people."
    )
    head, production = ["on these rows", "ROC-AUC"], measured.comparison
    own = [called(contenders.challenger), said(measured.auc.model_dump())]
    if production is None:
        return [Text(told), TableBlock(head, [own])]
    others = [[f"version {production.version}", said(production.auc.model_dump())],
              ["difference, by drawing people", said(production.bootstrap.model_dump(), sign="+")],
              ["difference, by DeLong", said(production.delong.model_dump(), sign="+")]]  # fmt: skip
    return [Text(told), TableBlock(head, [own, *others])]


def _own_rows(contenders: Contenders) -> list[Block]:
    versions = both(contenders)
    rows = [[words, *(said(dig(one.evidence, "metrics", name), digits) for one in versions)]
            for name, (words, digits) in FIGURES.items()]  # fmt: skip
    heads = ["by the evidence", *(called(one) for one in versions)]
    return [Text(_whose_rows(contenders)), TableBlock(heads, rows)]


def _whose_rows(contenders: Contenders) -> str:
    """Whether the figures of two trainings may be read side by side."""
    if contenders.production is None:
        return "What its own training left, on rows that nothing was fitted on:"
    digests = {str(dig(one.evidence, "data", "out_of_time_digest")) for one in both(contenders)}
    if len(digests) == 1 and digests != {"None"}:
        return "What each one's own training left, both on the same rows:"
    return "What each one's own training left, on rows that differ: read the difference above, not across."


def slices(contenders: Contenders, measured: Measurements | None) -> Section | None:
    """Among some of the people: the challenger's figures, and how far they lie above production's."""
    own = {_slice(one): one for one in rows_of(contenders.challenger.evidence, "slices")}
    compared = (
        {(one.slice, one.range): one for one in measured.comparison.slices} if measured and measured.comparison else {}
    )
    if not own and not compared:
        return None
    heads = ["slice", "rows", "left", "ROC-AUC", "predicted minus observed"]
    told = []
    for key in dict.fromkeys([*own, *compared]):
        part, about = own.get(key, {}), compared.get(key)
        counts = part or ({} if about is None else about.model_dump())
        row = [f"{key[0]}: {key[1]}", count(counts.get("rows")), count(counts.get("left")),
               *(_figure(part, name) for name in ("auc", "calibration_gap"))]  # fmt: skip
        if compared:
            gap = about.difference if about else None
            row.append("too few" if gap is None else said(gap.model_dump(), 3, "+"))
        told.append(row)
    return Section("Among whom", [TableBlock([*heads, "ROC-AUC minus production's"] if compared else heads, told)])


def moved(contenders: Contenders, measured: Measurements | None, pictures: Sequence[Picture]) -> Section | None:
    """Who is scored differently."""
    if contenders.production is None:
        return None
    found = measured.score_shift if measured else None
    if found is None:
        return Section("Who is scored differently", [Text("It was not measured."), *pictures])
    top = max(found.top, 1)
    told = [
        f"Of the {found.top:,} rows in the riskiest tenth, {found.entered:,} enter ({found.entered / top:.1%}) and "
        f"{found.withdrawn:,} leave it.",
        f"The order of all rows correlates by {found.rank_correlation:.3f} (Spearman; 1 is the same order).",
    ]
    return Section("Who is scored differently", [Items(told), *pictures], [Items(told)])


def _slice(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one.get("slice", "")), str(one.get("range", ""))


def _figure(part: Mapping[str, Any], name: str) -> str:
    if not part:
        return UNKNOWN
    return said(part[name], 3) if name in part else "too few"


def _dates(days: Sequence[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} dates"
