"""Raw data in an S3 bucket: downloaded to a folder before reading, uploaded after sampling."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from stack.errors import ServiceError, SettingError
from stack.folders.atomic import replace_text
from stack.s3 import client
from stack.settings import Settings


def is_url(text: str) -> bool:
    """Whether the text is an S3 URL."""
    return text.startswith("s3://")


def mirror(settings: Settings, url: str, folder: Path) -> int:
    """Copy all objects below `url` to `folder`; files with the same tag are not downloaded again.

    Files that are no longer in the bucket are removed from the folder.

    Returns:
        Number of downloaded objects.

    Raises:
        ServiceError: S3 refused, or there is no object.
    """
    bucket, prefix = _split(url)
    s3 = client(settings)
    try:
        wanted = {_below(folder, key.removeprefix(prefix)): (key, tag) for key, tag in _objects(s3, bucket, prefix)}
        if not wanted:
            raise ServiceError(f"{url} has no object: give the bucket and prefix of the exports.")
        loaded = [path for path, (key, tag) in wanted.items() if _load(s3, bucket, key, tag, path)]
    except (ClientError, BotoCoreError) as error:
        raise ServiceError(f"{url} cannot be read ({_why(error)}): correct the address or the keys.") from None
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path not in wanted and not path.name.endswith(".etag"):
            path.unlink()
            _tag_file(path).unlink(missing_ok=True)
    return len(loaded)


def upload(settings: Settings, folder: Path, url: str) -> int:
    """Upload every file of `folder` below `url`; returns their number.

    Raises:
        ServiceError: S3 refused.
    """
    bucket, prefix = _split(url)
    paths, s3 = sorted(path for path in folder.rglob("*") if path.is_file()), client(settings)
    try:
        for path in paths:
            s3.upload_file(str(path), bucket, "/".join([prefix, *path.relative_to(folder).parts]).strip("/"))
    except (ClientError, BotoCoreError) as error:
        raise ServiceError(f"{url} cannot be written ({_why(error)}): correct the address or the keys.") from None
    return len(paths)


def put(settings: Settings, url: str, content: bytes, content_type: str) -> None:
    """Write one object; readers see the old object or the new one.

    Raises:
        ServiceError: S3 refused.
    """
    bucket, key = _split(url)
    try:
        client(settings).put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)
    except (ClientError, BotoCoreError) as error:
        raise ServiceError(f"{url} cannot be written ({_why(error)}): correct the address or the keys.") from None


def keys(settings: Settings, prefix: str) -> list[str]:
    """The keys of all objects of our bucket that begin with `prefix`, which ends with a slash.

    Raises:
        ServiceError: S3 refused.
    """
    with _explained(settings, "read"):
        return [key for key, _ in _objects(client(settings), settings.s3_bucket, prefix.rstrip("/"))]


def download(settings: Settings, key: str, path: Path) -> None:
    """Copy an object of our bucket to a file.

    Raises:
        ServiceError: S3 refused.
    """
    with _explained(settings, "read"):
        client(settings).download_file(settings.s3_bucket, key, str(path))


def replace(settings: Settings, key: str, path: Path) -> None:
    """Replace an object of our bucket by a file; readers see the old object or the new one.

    Raises:
        ServiceError: S3 refused.
    """
    with _explained(settings, "written"):
        client(settings).upload_file(str(path), settings.s3_bucket, key)


@contextmanager
def _explained(settings: Settings, verb: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise ServiceError(
            f"The bucket {settings.s3_bucket} cannot be {verb} ({_why(error)}): see `make up`."
        ) from None


def download_all(settings: Settings, folder: Path) -> int:
    """Copy every object of our bucket into an empty folder; returns their number.

    Raises:
        ServiceError: S3 refused.
    """
    s3, count = client(settings), 0
    try:
        for key, _ in _objects(s3, settings.s3_bucket, ""):
            path = _below(folder, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(settings.s3_bucket, key, str(path))
            count += 1
    except (ClientError, BotoCoreError) as error:
        raise ServiceError(f"The bucket {settings.s3_bucket} cannot be read ({_why(error)}): see `make up`.") from None
    return count


def _split(url: str) -> tuple[str, str]:
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", url)
    if match is None:
        raise SettingError(f"{url!r} is not an S3 URL: write it as s3://bucket/prefix.")
    return match.group(1), (match.group(2) or "").rstrip("/")


def _below(folder: Path, key: str) -> Path:
    path = folder / key.lstrip("/")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ServiceError(f"Object {key!r} would be written outside of {folder}: rename it.")
    return path


def _objects(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    pages = s3.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=f"{prefix}/" if prefix else ""):
        for entry in page.get("Contents", ()):
            if not entry["Key"].endswith("/"):
                yield entry["Key"], f"{entry['ETag']} {entry['Size']}"


def _load(s3: Any, bucket: str, key: str, tag: str, path: Path) -> bool:
    tag_file = _tag_file(path)
    if path.exists() and tag_file.exists() and tag_file.read_text() == tag:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    s3.download_file(bucket, key, str(partial))
    tag_file.unlink(missing_ok=True)
    partial.replace(path)
    replace_text(tag_file, tag)
    return True


def _tag_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.etag")


def _why(error: Any) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
