"""Registered models in MLflow: their aliases, their versions, and the tag that stores the last row of the ledger."""

from collections.abc import Iterator

from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException

#: tag of a registered model: id and hash of its last row in the ledger.
HEAD = "prichal.ledger_head"
#: aliases that only the ledger may set, in the order in which they are set: `previous` is right before `production` is.
ALIASES = ("previous", "production")
#: error codes of MLflow: INVALID_PARAMETER_VALUE for a missing alias, the other for a missing model or version.
ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


def find_model(client: MlflowClient, model: str) -> RegisteredModel | None:
    """The registered model; None if MLflow has no such model. Any other error is raised."""
    try:
        return client.get_registered_model(model)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return None
        raise


def aliases_of(model: RegisteredModel) -> dict[str, str]:
    """Alias -> version number."""
    return {name: str(version) for name, version in model.aliases.items()}


def has_version(client: MlflowClient, model: str, version: str) -> bool:
    """Whether MLflow has the version."""
    try:
        client.get_model_version(model, version)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return False
        raise
    return True


def registered_models(client: MlflowClient) -> Iterator[RegisteredModel]:
    """All registered models of the MLflow server."""
    token = None
    while True:
        page = client.search_registered_models(max_results=500, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
