"""Names of a project's models: one churn model for each population, and its response models.

Steps that take a population accept `uplift` too, for the response models, and `all` for both.
"""

from collections.abc import Sequence
from pathlib import Path

from mlflow import MlflowClient

from features import Population
from jobs.runtime.context import Context
from registry.versions.registered_models import aliases_of, find_model

#: takes the place of a population.
UPLIFT = "uplift"


def response_model(name: str) -> str:
    """Registered name of the response model of a project or of an experiment's file.

    >>> response_model("churn")
    'churn_uplift'
    """
    return f"{name}_uplift"


def judged_rows_folder(context: Context, model: str) -> Path:
    """Folder of a response model's judged rows."""
    return context.settings.lake / context.project.name / UPLIFT / model


def response_models(context: Context) -> list[str]:
    """Registered names of the project's response models: that of the project, then those of files."""
    main_model = response_model(context.project.name)
    folder = context.settings.lake / context.project.name / UPLIFT
    names = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    has_model = main_model in names or context.project.actions is not None
    return [*([main_model] if has_model else []), *sorted(names - {main_model})]


def challenging_models(context: Context) -> list[str]:
    """Response models that have a challenger."""
    client = MlflowClient()
    registered = {model: find_model(client, model) for model in response_models(context)}
    return [model for model, entry in registered.items() if entry is not None and "challenger" in aliases_of(entry)]


def populations_of(context: Context, population: str) -> Sequence[Population]:
    """The populations that a parameter names; none for `uplift`.

    Raises:
        DeclarationError: no population has this name.
    """
    return () if population == UPLIFT else context.project.choose(population)


def group_names(context: Context, population: str) -> list[str]:
    """Names of the populations that a parameter names, with `uplift` for the response models.

    Raises:
        DeclarationError: no population has this name.
    """
    names = [chosen.name for chosen in populations_of(context, population)]
    return [*names, UPLIFT] if population in {UPLIFT, "all"} else names


def model_names(context: Context, population: str) -> list[str]:
    """Registered names of the models that a parameter names.

    Raises:
        DeclarationError: no population has this name.
    """
    names = [chosen.model for chosen in populations_of(context, population)]
    return [*names, *response_models(context)] if population in {UPLIFT, "all"} else names
