"""What platforms report back: reactions in the lake -> `ops.reactions`; an unsubscribe closes the channel at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from actions.declare.plan import ReactionHistory
from lake import Source, Table
from lake.declarations import DeclarationError
from lake.identity import base, register_sources, related, view_sql
from stack.engines.engine import Engine
from stack.postgres import connect

CREATE_STAGED = """
create temporary table staged
  (event_id text, campaign text, entity text, channel text, reaction text, micros bigint) on commit drop
"""

INSERT = """
insert into ops.reactions (project, event_id, campaign, entity, channel, reaction, happened_at)
select %(project)s, s.event_id, s.campaign, s.entity, s.channel, m.meaning,
       timestamptz 'epoch' + s.micros * interval '1 microsecond'
from staged s join unnest(%(reactions)s::text[], %(meanings)s::text[]) as m (reaction, meaning) using (reaction)
where s.event_id is not null and s.entity is not null and s.channel is not null and s.micros is not null
on conflict do nothing
"""

COUNT_UNUSABLE = """
select count(*) from staged
where not coalesce(reaction = any(%(reactions)s::text[]), false) or event_id is null or entity is null
   or channel is null or micros is null
"""

REMEMBER = """
insert into ops.reaction_months (project, source, month, digest) values (%(project)s, %(source)s, %(month)s, %(digest)s)
on conflict (project, source, month) do update set digest = excluded.digest
"""

CLOSE = """
insert into ops.closed_channels (project, entity, channel, closed_at, reason)
select project, entity, channel, min(happened_at), 'unsubscribed' from ops.reactions
where project = %s and reaction = 'unsubscribed' group by project, entity, channel
on conflict do nothing
"""


@dataclass(frozen=True)
class NewReactions:
    """What was new in the lake.

    Attributes:
        rows: reactions that were stored now.
        unusable: rows of the months that were read whose reaction the plan does not name, or that lack a value.
        closed: channels of people that were closed now.
    """

    rows: int = 0
    unusable: int = 0
    closed: int = 0

    def sentence(self) -> str:
        """The counts, for the console."""
        unusable = f"; {self.unusable:,} rows have no reaction that the plan names, or lack a value" * bool(
            self.unusable
        )
        return f"{self.rows:,} new reactions, {self.closed:,} channels of people closed now{unusable}"


@dataclass(frozen=True)
class ReactionReader:
    """Reads reactions of one project from the lake.

    Attributes:
        database_url: URL of the database of `ops.reactions`.
        project: name of the project.
        sources: the project's sources.
        tables: source -> table of the lake.
        history: the declaration of the reactions.
        engine: returns the engine; not called if nothing is new.
    """

    database_url: str
    project: str
    sources: Sequence[Source]
    tables: Mapping[str, Table]
    history: ReactionHistory
    engine: Callable[[], Engine]

    def update(self) -> NewReactions:
        """Store the reactions of months that changed since the last call, and close channels of who unsubscribed.

        A reaction is stored once, by its event id. A killed call continues with the month that it did not finish.

        Raises:
            DeclarationError: the source is not declared, or has no key.
        """
        source = self._source()
        changed = self._changed_months(source)
        rows = unusable = 0
        if changed:
            engine = self.engine()
            register_sources(engine, self.tables, related(source))
            for month, digest in changed.items():
                stored, ignored = self._store(source, month, digest, self._read(engine, source, month))
                rows, unusable = rows + stored, unusable + ignored
        with connect(self.database_url, role="prichal_writer") as connection:
            closed = connection.execute(CLOSE, [self.project]).rowcount
        return NewReactions(rows, unusable, closed)

    def _source(self) -> Source:
        declared = {source.name: source for source in self.sources}
        source = declared.get(self.history.source)
        if source is None or not source.key:
            raise DeclarationError(
                f"Reactions: the source {self.history.source!r} is not declared or has no key, so a reaction could be "
                f"counted twice; name a source with a key of {', '.join(sorted(declared))}."
            )
        return source

    def _changed_months(self, source: Source) -> dict[str, str]:
        """Months with other rows than those that were read, with their digests."""
        query = "select month, digest from ops.reaction_months where project = %s and source = %s"
        with connect(self.database_url, role="prichal_writer") as connection:
            stored = dict(connection.execute(query, [self.project, source.name]).fetchall())
        # The meanings are part of the digest: another meaning reads every month again.
        text = repr((source.key, source.entity, self.history.reaction, sorted(self.history.meanings.items())))
        months = self.tables[source.name].require().months
        digests = {name: f"{month.digest} {text}" for name, month in sorted(months.items()) if month.rows_kept}
        return {name: digest for name, digest in digests.items() if stored.get(name) != digest}

    def _read(self, engine: Engine, source: Source, month: str) -> list[tuple[Any, ...]]:
        engine.show_files(base(source), self.tables[source.name].folders({month}))
        engine.show(source.name, view_sql(source))
        key = ", ':', ".join(f"cast({name} as string)" for name in source.key or ())
        columns = [
            f"concat({key})" if ", " in key else key,
            *(f"cast({name} as string)" for name in (self.history.campaign, source.entity, self.history.channel)),
            f"cast({self.history.reaction} as string)",
            f"unix_micros(cast({source.event_time} as timestamp))",
        ]
        return engine.rows(f"select {', '.join(columns)} from {source.name}")

    def _store(self, source: Source, month: str, digest: str, rows: Iterable[tuple[Any, ...]]) -> tuple[int, int]:
        """Store a month; returns the numbers of new and of unusable rows."""
        values = {
            "project": self.project,
            "source": source.name,
            "month": month,
            "digest": digest,
            "reactions": list(self.history.meanings),
            "meanings": list(self.history.meanings.values()),
        }
        with connect(self.database_url, role="prichal_writer") as connection:
            connection.execute(CREATE_STAGED)
            _copy(connection, rows)
            stored = connection.execute(INSERT, values).rowcount
            unusable = connection.execute(COUNT_UNUSABLE, values).fetchone()
            connection.execute(REMEMBER, values)
        return stored, int(unusable[0]) if unusable else 0


def _copy(connection: psycopg.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor().copy("copy staged from stdin") as copy:
        for row in rows:
            copy.write_row(row)
