"""Model card of a response model, in plain words."""

from collections.abc import Iterator, Mapping
from typing import Any

from stack.markdown import escape, figure, table


def uplift_card(evidence: Mapping[str, Any]) -> str:
    """Markdown of the evidence."""
    sections = (_purpose, _data, _effects, _gain, _policy, _calibration, _design, _learners, _limits, _provenance)
    present = [lines for section in sections if (lines := [*section(evidence)])]
    lines = [line for section in present for line in (*section, "")]
    return "\n".join([f"# Model card: {escape(evidence['model'])}", "", *lines])


def uplift_note(evidence: Mapping[str, Any]) -> str:
    """The note of the run: its most important figures."""
    data = evidence["data"]
    lines = {
        "Result": escape(evidence["sentence"]),
        "Gain over one effect for everybody": _points(evidence["gain"]["over_constant"]),
        "Predicted minus measured effect": _points(evidence["calibration"]["gap"]),
        "Data": f"{data['judged_rows']:,} judged rows, fitted on {data['development_rows']:,}; {data['validation']}",
    }
    return "".join(f"- **{name}**: {text}\n" for name, text in lines.items())


def _purpose(evidence: Mapping[str, Any]) -> Iterator[str]:
    yield f"**{escape(evidence['sentence'])}**"
    yield ""
    yield (
        "For each person and each action: the change of the probability of staying, against no contact. It is learnt "
        "from people whose action was drawn at random, and counts everybody by the drawn action, whoever opened it."
    )


def _data(evidence: Mapping[str, Any]) -> Iterator[str]:
    data = evidence["data"]
    yield "## Data"
    yield ""
    rows = [
        [name, f"{len(data[part])}", " to ".join(data[f"{part}_dates"]), f"{data[f'{part}_rows']:,}"]
        for name, part in (("fitted and chosen on", "development"), ("judged on", "judged"))
    ]
    yield from table(["", "campaigns", "assigned", "rows"], rows)
    yield ""
    yield f"Validated {data['validation']}. In {data['judged_left']:,} judged rows the person left."


def _effects(evidence: Mapping[str, Any]) -> Iterator[str]:
    yield "## Average effect of each action"
    yield ""
    counts = evidence["data"]["rows_by_arm"]
    rows = [
        [escape(name), f"{counts.get(name, 0):,}", _points(effect), _verdict(effect)]
        for name, effect in evidence["average_effects"].items()
    ]
    yield from table(["action", "judged rows", "people kept, points (95%, all actions at once)", ""], rows)


def _gain(evidence: Mapping[str, Any]) -> Iterator[str]:
    yield "## What the model gains"
    yield ""
    gain = evidence["gain"]
    yield (
        "People kept if people get the best action by the model, largest effects first, averaged over all budgets: "
        f"{_points(gain['area'])} points. More than one effect for everybody: {_points(gain['over_constant'])}."
    )
    if evidence["qini"]:
        yield ""
        rows = [
            [escape(action), *(figure(figures[name], 3, "+") if name in figures else "" for name in
                               ("qini", "auuc", "uplift_at_k"))]
            for action, figures in evidence["qini"].items()
        ]  # fmt: skip
        yield from table(["action against control", "Qini", "AUUC", "effect in the best 30%"], rows)


def _policy(evidence: Mapping[str, Any]) -> Iterator[str]:
    """What the policy would have earned, if the experiment is of the project's actions."""
    if "policy" in evidence:
        yield "## What the policy earns"
        yield ""
        yield escape(evidence["policy"]["sentence"])


def _calibration(evidence: Mapping[str, Any]) -> Iterator[str]:
    calibration = evidence["calibration"]
    yield "## Predicted and measured effects"
    yield ""
    if calibration["slope"]:
        yield f"Slope of measured on predicted effects: {figure(calibration['slope'], 2)}; 1 is best."
    yield f"Predicted minus measured, on average: {_points(calibration['gap'])}."


def _design(evidence: Mapping[str, Any]) -> Iterator[str]:
    design = evidence["design"]
    ratio, balance, others = design["sample_ratio"], design["balance"], design["contamination"]
    outside = "not counted" if others["share"] is None else f"{others['share']:.1%} of control rows"
    yield "## Design"
    yield ""
    yield f"- numbers by arm against the design: p-value {ratio['p_value']:.2g}"
    yield f"- features before the assignment: p-value {balance['p_value']:.2g}, worst {escape(balance['feature'])}"
    yield f"- contacts of control outside the design: {outside}"
    yield (
        f"- control rows with an action of another campaign within {others['days']} days: "
        f"{others['other_campaigns']:.1%}"
    )
    yield f"- placebo among control: {_points(evidence['placebo'])}; it must include 0"


def _learners(evidence: Mapping[str, Any]) -> Iterator[str]:
    yield "## Learners"
    yield ""
    yield "Gain over one effect for everybody, in points. The choice was made on the earlier campaigns alone."
    yield ""
    rows = [
        [escape(item["name"]), escape(item["description"]), _points(item["development"]), _points(item["judged"])]
        for item in evidence["candidates"]
    ]
    yield from table(["learner", "", "earlier campaigns", "judged campaigns"], rows)
    yield from (f"- {escape(name)} was left out: {escape(why)}" for name, why in evidence["failures"].items())


def _limits(evidence: Mapping[str, Any]) -> Iterator[str]:
    yield "## Limits"
    yield ""
    yield "- The effects are of these actions on people like those of the experiment, and of no others."
    if evidence["data"]["validation"] != "out of time":
        yield "- The experiment has one campaign: the effect in a later campaign is unknown."
    if evidence["constant"]:
        yield "- Everybody gets the average effect, because no difference between people was usable."


def _provenance(evidence: Mapping[str, Any]) -> Iterator[str]:
    packages = ", ".join(f"{name} {number}" for name, number in sorted(evidence["packages"].items()))
    yield "## Provenance"
    yield ""
    yield f"- learner {escape(evidence['learner'])}: {escape(evidence['description'])}"
    yield f"- rows `{evidence['data']['digest'][:16]}`, judged rows `{evidence['data']['judged_digest'][:16]}`"
    yield f"- code `{evidence['code']}`, commit {escape((evidence.get('commit') or 'not in a checkout')[:12])}"
    yield f"- {escape(packages)}"


def _points(interval: Mapping[str, float]) -> str:
    return figure({name: 100 * value for name, value in interval.items()}, 2, "+")


def _verdict(interval: Mapping[str, float]) -> str:
    if interval["low"] > 0:
        return "helps (95% confidence)"
    return "harms (95% confidence)" if interval["high"] < 0 else "not sure"
