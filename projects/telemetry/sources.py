"""The shop's event log, and the cities of its map."""

from lake import Column, Dimension, Source

#: the steps of a visit, in order.
ACTIONS = ("view", "cart", "checkout", "purchase")

EVENTS = Source(
    name="events",
    files="events*.csv*",
    entity="person_id",
    event_time="happened_at",
    columns=(
        Column("person_id", "bigint", "the person; a row without a person is quarantined", lowest=1),
        Column("happened_at", "timestamp", "the moment of the event, to the millisecond"),
        Column("category", "string", "the category of goods", nullable=True),
        Column("value", "double", "rubles paid; only a purchase has a value", lowest=0, nullable=True),
        Column("gender", "string", "F or M as the person stated it", values=("F", "M"), nullable=True),
        Column("city", "string", "the city as the person stated it", nullable=True),
        Column("age", "bigint", "age in years", lowest=0, highest=120, nullable=True),
        Column("child_age", "bigint", "age of the youngest child in years; empty without a child", lowest=0, highest=60,
               nullable=True),
        Column("session_id", "string", "the session as the site counted it", nullable=True),
        Column("action", "string", "the step of the visit", words=tuple((word, word) for word in ACTIONS)),
    ),
    # The site sends some events twice. Two rows of a person and moment with different contents contradict each other.
    key=("person_id", "happened_at"),
)  # fmt: skip

CITIES = Dimension(
    name="cities",
    files="cities*.csv",
    entity="city",
    columns=(
        Column("city", "string", "name of the city, as in the event log"),
        Column("latitude", "double", "degrees north", lowest=-90, highest=90),
        Column("longitude", "double", "degrees east", lowest=-180, highest=180),
    ),
)
