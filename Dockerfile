# One image for S3, MLflow, Spark and the job: driver and workers must have the same Python and packages.
# Debian 12 for its OpenJDK 17, the Java that Prichal is tested with.
FROM python:3.11.14-slim-bookworm

# git tells a run its commit. Java's package does not install without the man folder, which slim images lack.
# No versions: Debian's mirrors keep only the newest security release of a package.
# hadolint ignore=DL3008
RUN mkdir -p /usr/share/man/man1 \
 && apt-get update \
 && apt-get install --yes --no-install-recommends git openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/*

# A new named volume takes its owner from the folder it covers.
RUN useradd --no-log-init --create-home --uid 10001 prichal \
 && install --directory --owner=prichal --group=prichal /prichal /var/lib/prichal /var/lib/seaweedfs

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/prichal \
    PYTHONUNBUFFERED=1 \
    PYSPARK_PYTHON=/opt/venv/bin/python

COPY requirements.lock /opt/requirements.lock
RUN sed -n '/^uv==/,/[^\\]$/p' /opt/requirements.lock > /opt/uv.lock \
 && python -m venv /opt/venv \
 && pip install --no-cache-dir --no-deps --require-hashes -r /opt/uv.lock \
 && VIRTUAL_ENV=/opt/venv uv pip sync --no-cache --compile-bytecode --require-hashes /opt/requirements.lock \
 && rm /opt/uv.lock

COPY --chown=prichal:prichal . /prichal

USER 10001
WORKDIR /prichal
CMD ["python", "-m", "stack", "check"]
