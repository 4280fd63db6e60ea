"""Raw data in an S3 bucket: mirrored to a folder before it is read, uploaded after it was made."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from stack.errors import ServiceError, SettingError
from stack.files import replace_text
from stack.s3 import client
from stack.settings import Settings


def is_url(text: str) -> bool:
    """Whether the text names a place in S3."""
    return text.startswith("s3://")


def mirror(settings: Settings, url: str, folder: Path) -> int:
    """Make `folder` hold what lies below `url`; what is there with the same tag is not loaded again.

    What is no longer in the bucket goes from the folder too.

    Returns:
        How many objects were loaded now.

    Raises:
        ServiceError: S3 refused, or there is nothing.
    """
    bucket, prefix = _split(url)
    try:
        objects = list(_objects(settings, bucket, prefix))
        wanted = {folder / key.removeprefix(prefix).lstrip("/"): (key, tag) for key, tag in objects}
        if not wanted:
            raise ServiceError(f"{url} holds no object: give the bucket and prefix of the exports.")
        loaded = [path for path, (key, tag) in wanted.items() if _load(settings, bucket, key, tag, path)]
    except (ClientError, BotoCoreError) as error:
        raise ServiceError(f"{url} cannot be read ({_why(error)}): mend the address or the keys.") from None
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path not in wanted and not path.name.endswith(".etag"):
            path.unlink()
            _tag_file(path).unlink(missing_ok=True)
    return len(loaded)


def upload(settings: Settings, folder: Path, url: str) -> int:
    """Put every file of `folder` below `url`; returns how many.

    Raises:
        ServiceError: S3 refused.
    """
    bucket, prefix = _split(url)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    try:
        for path in paths:
            client(settings).upload_file(
                str(path), bucket, "/".join([prefix, *path.relative_to(folder).parts]).strip("/")
            )
    except (ClientError, BotoCoreError) as error:
        raise ServiceError(f"{url} cannot be written ({_why(error)}): mend the address or the keys.") from None
    return len(paths)


def _split(url: str) -> tuple[str, str]:
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", url)
    if found is None:
        raise SettingError(f"{url!r} is no place in S3: write it as s3://bucket/prefix.")
    return found.group(1), (found.group(2) or "").rstrip("/")


def _objects(settings: Settings, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    pages = (
        client(settings).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/" if prefix else "")
    )
    for page in pages:
        for one in page.get("Contents", ()):
            if not one["Key"].endswith("/"):
                yield one["Key"], f"{one['ETag']} {one['Size']}"


def _load(settings: Settings, bucket: str, key: str, tag: str, path: Path) -> bool:
    mark = _tag_file(path)
    if path.exists() and mark.exists() and mark.read_text() == tag:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    client(settings).download_file(bucket, key, str(partial))
    mark.unlink(missing_ok=True)
    partial.replace(path)
    replace_text(mark, tag)
    return True


def _tag_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.etag")


def _why(error: Any) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
