"""Segments: groups of people by ranges of a feature, declared by the plan."""

from collections.abc import Iterator, Sequence

from actions.experiment import Experiment
from actions.lift.measure.comparison import Mask
from training import Slice
from training.evaluate.slices import range_members


def segment_masks(segments: Sequence[Slice], experiment: Experiment) -> Iterator[tuple[str, Mask]]:
    """Name and mask (n,) of every range that has rows.

    A segment whose feature the rows do not have is left out: the rows are of an experiment from elsewhere.
    """
    available = [segment for segment in segments if segment.feature in experiment.names]
    for name, range_name, mask in range_members(available, experiment.names, experiment.rows):
        if mask.any():
            yield f"{name} ({range_name})", mask
