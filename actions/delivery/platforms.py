"""The platform of the settings."""

from actions.delivery.altcraft import Altcraft
from actions.delivery.bucket_list import BucketLists
from actions.delivery.platform import Platform
from stack.settings import Settings


def choose_platform(settings: Settings, project: str, entity: str) -> Platform:
    """Altcraft if its address is set, else lists in the bucket.

    Args:
        settings: addresses and tokens.
        project: name of the project.
        entity: column of its people.

    Raises:
        SettingError: Altcraft's settings are incomplete.
    """
    if settings.altcraft_url is not None:
        return Altcraft.of(settings, entity)
    return BucketLists(settings, project, entity)
