"""The parameters of entry points: a function's signature declares each one's name, default and help."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, get_type_hints

#: Parameters that several entry points share, each with its help. Every value is text, as MLflow passes it.
ProjectName = Annotated[str, "folder under projects/"]
AsOf = Annotated[str, "a date such as 1998-07-01, or latest"]
AsOfOrRange = Annotated[str, "a date such as 1998-07-01, a range such as 1998-06-01..1998-07-01, or latest"]
PopulationName = Annotated[str, "one of the project's populations, uplift for its response models, or all"]
ExperimentData = Annotated[str, "CSV or Parquet file of a randomised experiment; declared: the project's campaigns"]
RawLocation = Annotated[str, "folder, file or s3://bucket/prefix of the raw exports; declared: the project's own"]
Trials = Annotated[str, "number of parameter sets to search, or minutes such as 15min; declared: the project's own"]
Mode = Annotated[str, "auto: the gate decides alone; review: a version the gate accepts needs approve or reject"]
Release = Annotated[str, "each: every model by itself; together: all models or none"]
ReviewerName = Annotated[str, "the reviewer, who must not be the author of the model"]
UserId = Annotated[str, "a person, by the project's entity, such as user_id"]
PublishedDate = Annotated[str, "the date of a published score, such as 1998-07-01"]
Reason = Annotated[str, "the reason, which the ledger stores"]

#: `run` reads this parameter itself; every entry point has it.
PROJECT = "project"
DEFAULT_PROJECT = "churn"


@dataclass(frozen=True)
class Parameter:
    """One parameter of an entry point: its name as in `MLproject`, its default and its help."""

    name: str
    default: str
    help: str

    @property
    def option(self) -> str:
        """The option of the command line, such as `--as-of`."""
        return f"--{self.name.replace('_', '-')}"


def parameters_of(entry_point: Callable[..., object]) -> list[Parameter]:
    """The parameters of an entry point, `project` first.

    Args:
        entry_point: a function of the context and of parameters that are annotated with their help and have a default.

    Raises:
        TypeError: a parameter has no help or no default.
    """
    annotations = get_type_hints(entry_point, include_extras=True)
    signature = list(inspect.signature(entry_point).parameters.values())[1:]  # the first one is the context
    project = _declared(PROJECT, DEFAULT_PROJECT, ProjectName)
    return [project, *(_declared(given.name, given.default, annotations.get(given.name)) for given in signature)]


def command_line(entry_point: Callable[..., object]) -> str:
    """The command of the entry point in `MLproject`, such as `python -m jobs.verify --project={project}`."""
    name = entry_point.__name__
    return " ".join(
        [f"python -m jobs.{name}", *(f"{given.option}={{{given.name}}}" for given in parameters_of(entry_point))]
    )


def _declared(name: str, default: object, annotation: object) -> Parameter:
    (help_text,) = getattr(annotation, "__metadata__", (None,))
    if not isinstance(default, str) or not isinstance(help_text, str):
        raise TypeError(f"Parameter {name} needs a text as its default and Annotated[str, help] as its type.")
    return Parameter(name, default, help_text)
