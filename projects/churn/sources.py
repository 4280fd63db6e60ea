"""Sources of the cinema: billing, profiles, viewing, web, apps, campaigns and the catalogue.

Every folder of the raw data is one batch. Its name is a day; its rows were received before that day.
"""

from datetime import date

from lake import Begins, Column, Identity, Lookup, Source

#: the day on which the service opened; no event of a subscriber is earlier.
OPENED = date(2020, 1, 1)
USER = Column("user_id", "string", "the subscriber")
REPORTED = Column("reported_at", "timestamp", "when the row reached us")
#: retention of the tracked events of a visitor.
TRACKED_DAYS = 730
METHODS = ("card", "sbp", "mobile", "store")
CHANNELS = ("email", "push", "sms")
GENRE = ("genre", "get_json_object(genres, '$[0]')")

PROFILES = Source(
    name="profiles",
    files="*/profiles.csv*",
    entity="user_id",
    event_time="changed_at",
    known_time="reported_at",
    key=("user_id", "changed_at"),
    earliest=OPENED,
    columns=(
        USER,
        Column("changed_at", "timestamp", "from when this version holds"),
        Column("registered_at", "timestamp", "when the account was made"),
        Column("birth_year", "bigint", "year of birth", lowest=1900, highest=2026, nullable=True, personal=True),
        Column("gender", "string", "as stated", nullable=True, personal=True),
        Column("region", "string", "where the account lives", nullable=True),
        Column("household_size", "bigint", "people behind the account", lowest=1, nullable=True),
        Column("has_kids_profile", "bigint", "1 if a child's profile exists", lowest=0, highest=1),
        Column("email", "string", "address", nullable=True, personal=True),
        Column("phone", "string", "number", nullable=True, personal=True),
        *(Column(f"accepts_{name}", "bigint", f"1 if {name} may be sent", lowest=0, highest=1) for name in CHANNELS),
        REPORTED,
    ),
    measures=(("in_a_capital", "int(region in ('Moscow', 'Saint Petersburg'))"),),
)

SIGN_UP = Begins(PROFILES, "registered_at")

SUBSCRIPTIONS = Source(
    name="subscriptions",
    files="*/subscriptions.csv*",
    entity="user_id",
    event_time="event_at",
    known_time="reported_at",
    key=("event_id",),
    earliest=OPENED,
    columns=(
        Column("event_id", "string", "the event"),
        USER,
        Column("subscription_id", "string", "the subscription"),
        Column("event_type", "string", "what happened to it",
               values=("trial_started", "activated", "renewed", "grace_started", "lapsed", "reactivated")),
        Column("event_at", "timestamp", "when it happened"),
        Column("plan", "string", "the tariff"),
        Column("period_months", "bigint", "months that one charge pays for", lowest=1, highest=12),
        Column("price", "double", "rubles due per period", lowest=0),
        Column("promo_code", "string", "the promotion it began with", nullable=True),
        Column("promo_until", "timestamp", "until when the lower price holds", nullable=True),
        Column("trial_kind", "string", "auto charges at its end, opt_in waits to be bought", values=("auto", "opt_in"),
               nullable=True),
        Column("trial_until", "timestamp", "end of the trial", nullable=True),
        REPORTED,
    ),
    measures=(
        ("monthly_price", "price / period_months"), ("auto_charging", "int(trial_kind = 'auto')"),
        ("promoted", "int(promo_code is not null)"),
    ),
)  # fmt: skip

PAYMENTS = Source(
    name="payments",
    files="*/payments.csv*",
    entity="user_id",
    event_time="attempted_at",
    known_time="reported_at",
    key=("payment_id",),
    earliest=OPENED,
    begins=SIGN_UP,
    columns=(
        Column("payment_id", "string", "the attempt to charge"),
        USER,
        Column("subscription_id", "string", "the subscription"),
        Column("attempt_no", "bigint", "1 for the first attempt at a period", lowest=1),
        Column("attempted_at", "timestamp", "when it was tried"),
        Column("status", "string", "how it ended", values=("succeeded", "failed")),
        Column("amount", "double", "rubles", lowest=0),
        Column("currency", "string", "always RUB so far", values=("RUB",)),
        Column("method", "string", "how it is paid", values=METHODS),
        Column("card_expires_on", "date", "last day of the card; empty where no card is used", nullable=True),
        Column("decline_code", "string", "why it failed; empty where it did not", nullable=True),
        Column("period_start", "timestamp", "the paid period begins"),
        Column("period_end", "timestamp", "the paid period ends"),
        REPORTED,
    ),
    measures=tuple((f"by_{method}", f"int(method = '{method}')") for method in METHODS),
)

AUTO_RENEW = Source(
    name="auto_renew",
    files="*/auto_renew.csv*",
    entity="user_id",
    event_time="switched_at",
    known_time="reported_at",
    key=("switch_id",),
    earliest=OPENED,
    columns=(
        Column("switch_id", "string", "the switch"),
        USER,
        Column("subscription_id", "string", "the subscription"),
        Column("switched_at", "timestamp", "when it was switched"),
        Column("auto_renew", "bigint", "1 on, 0 off", lowest=0, highest=1),
        Column("switched_by", "string", "by whom", values=("user", "system", "support")),
        REPORTED,
    ),
)

IDENTITY_LINKS = Source(
    name="identity_links",
    files="*/identity_links.csv*",
    entity="user_id",
    event_time="linked_at",
    known_time="reported_at",
    key=("kind", "anonymous_id", "linked_at"),
    earliest=OPENED,
    columns=(
        Column("kind", "string", "what the id names", values=("ym_client", "appmetrica_device")),
        Column("anonymous_id", "string", "the browser or the device"),
        USER,
        Column("linked_at", "timestamp", "when the subscriber logged in on it"),
        REPORTED,
    ),
)

BROWSER = Identity(IDENTITY_LINKS, "kind = 'ym_client'", link_id="anonymous_id", id="client_id")
DEVICE = Identity(
    IDENTITY_LINKS, "kind = 'appmetrica_device'", link_id="anonymous_id", id="device_id", own="profile_id"
)

VISITS = Source(
    name="visits",
    files="*/metrica_visits.tsv*",
    format="tsv",
    entity="user_id",
    event_time="started_at",
    # A visit is closed within three days; until then its figures can grow.
    known_lag_days=3,
    key=("visit_id",),
    earliest=OPENED,
    identity=BROWSER,
    retention_days=TRACKED_DAYS,
    columns=(
        Column("visit_id", "string", "UInt64, kept as text", raw=("ym:s:visitID",)),
        Column("client_id", "string", "the browser, UInt64, kept as text", raw=("ym:s:clientID",)),
        Column("started_at", "timestamp", "in the counter's time zone", raw=("ym:s:dateTime",)),
        Column("start_url", "string", "first page", raw=("ym:s:startURL",), nullable=True),
        Column("page_views", "bigint", "pages seen", raw=("ym:s:pageViews",), lowest=0),
        Column("duration", "bigint", "seconds", raw=("ym:s:visitDuration",), lowest=0),
        Column("bounce", "bigint", "1 if left at once", raw=("ym:s:bounce",), lowest=0, highest=1),
        Column("goals", "string", "goals reached, as an array", raw=("ym:s:goalsID",), nullable=True),
        Column("traffic", "string", "last source of traffic", raw=("ym:s:lastTrafficSource",), nullable=True),
        Column("device_category", "string", "1 desktop, 2 phone, 3 tablet, 4 TV", raw=("ym:s:deviceCategory",),
               nullable=True),
        Column("products", "string", "products bought, as an array; renamed by Metrica on 2025-10-15",
               raw=("ym:s:purchasedProductID", "ym:s:productsID"), nullable=True),
    ),
    measures=(("minutes", "duration / 60"),),
)  # fmt: skip

HITS = Source(
    name="hits",
    files="*/metrica_hits.tsv*",
    format="tsv",
    entity="user_id",
    event_time="seen_at",
    key=("watch_id",),
    earliest=OPENED,
    identity=BROWSER,
    retention_days=TRACKED_DAYS,
    columns=(
        Column("watch_id", "string", "UInt64, kept as text", raw=("ym:pv:watchID",)),
        Column("client_id", "string", "the browser, UInt64, kept as text", raw=("ym:pv:clientID",)),
        Column("seen_at", "timestamp", "in the counter's time zone", raw=("ym:pv:dateTime",)),
        Column("url", "string", "the page", raw=("ym:pv:URL",)),
        Column("device_category", "string", "1 desktop, 2 phone, 3 tablet, 4 TV", raw=("ym:pv:deviceCategory",),
               nullable=True),
        Column("is_page_view", "bigint", "1 for a page, 0 for an event on it", raw=("ym:pv:isPageView",), lowest=0,
               highest=1),
    ),
)  # fmt: skip

APP_EVENTS = Source(
    name="app_events",
    files="*/appmetrica_events.csv*",
    entity="user_id",
    event_time="happened_at",
    known_time="received_at",
    # Events of AppMetrica have no id.
    key=("device_id", "session_id", "happened_at", "event_name", "event_json"),
    earliest=OPENED,
    identity=DEVICE,
    retention_days=TRACKED_DAYS,
    columns=(
        Column("happened_at", "timestamp", "when it happened", raw=("event_timestamp",), epoch=True),
        Column("received_at", "timestamp", "when it reached AppMetrica", raw=("event_receive_timestamp",), epoch=True),
        # Since 2026-03-01 the app reports `title_open` as `title_card_open`; features accept both names.
        Column("event_name", "string", "what happened"),
        Column("event_json", "string", "its details", nullable=True),
        Column("session_id", "string", "the session"),
        Column("device_id", "string", "UInt64, kept as text", raw=("appmetrica_device_id",)),
        Column("profile_id", "string", "the subscriber; empty before login", nullable=True),
        Column("device_type", "string", "phone, tablet or tv", nullable=True),
    ),
)

APP_SESSIONS = Source(
    name="app_sessions",
    files="*/appmetrica_sessions.csv*",
    entity="user_id",
    event_time="started_at",
    known_time="received_at",
    key=("device_id", "session_id", "started_at"),
    earliest=OPENED,
    identity=DEVICE,
    retention_days=TRACKED_DAYS,
    columns=(
        Column("session_id", "string", "the session"),
        Column("started_at", "timestamp", "when it began", raw=("session_start_timestamp",), epoch=True),
        Column("received_at", "timestamp", "when it reached AppMetrica", raw=("session_start_receive_timestamp",),
               epoch=True),
        Column("device_id", "string", "UInt64, kept as text", raw=("appmetrica_device_id",)),
        Column("profile_id", "string", "the subscriber; empty before login", nullable=True),
        Column("device_type", "string", "phone, tablet or tv", nullable=True),
    ),
)  # fmt: skip

CATALOGUE = Source(
    name="catalogue",
    files="*/catalogue.jsonl*",
    format="jsonl",
    entity="title_id",
    event_time="announced",
    key=("title_id",),
    columns=(
        Column("title_id", "string", "the title", raw=("_id.$oid",)),
        Column("kind", "string", "movie or series", values=("movie", "series")),
        Column("title", "string", "its name"),
        Column("genres", "string", "as an array"),
        Column("kids", "string", "true if made for children", values=("true", "false")),
        Column("announced", "timestamp", "when it was announced", raw=("announced.$date",)),
        Column("released", "timestamp", "when it can be watched", raw=("released.$date",)),
        Column("finale", "timestamp", "when the last episode appears", raw=("finale.$date",), nullable=True),
        Column("episodes", "bigint", "how many", lowest=1),
        Column("minutes", "bigint", "of an episode, or of the movie", lowest=1),
    ),
    # The first genre is the main genre.
    measures=(GENRE,),
)

VIEWING = Source(
    name="viewing",
    files="*/player.parquet",
    format="parquet",
    entity="user_id",
    event_time="happened_at",
    known_time="received_at",
    key=("event_id",),
    earliest=OPENED,
    begins=SIGN_UP,
    columns=(
        Column("event_id", "string", "UInt64, kept as text"),
        Column("happened_at", "timestamp", "when the playing ended", raw=("event_time",), epoch=True),
        Column("received_at", "timestamp", "when the log received it", raw=("received_time",), epoch=True),
        USER,
        Column("profile_no", "bigint", "which profile of the account", lowest=0),
        Column("device_id", "string", "the device"),
        Column("device_type", "string", "on what", values=("tv", "mobile", "web")),
        Column("event", "string", "how it ended", values=("play_finished", "play_failed")),
        Column("title_id", "string", "the title of the catalogue"),
        Column("season", "bigint", "0 for a movie", lowest=0),
        Column("episode", "bigint", "0 for a movie", lowest=0),
        Column("watched_s", "bigint", "seconds watched", lowest=0),
        Column("duration_s", "bigint", "seconds that the title lasts", lowest=0),
    ),
    lookups=(
        Lookup(
            CATALOGUE,
            key="title_id",
            on="title_id",
            columns=(GENRE, ("kids_title", "kids = 'true'"), ("released", "released"), ("finale", "finale")),
        ),
    ),
    measures=(("minutes", "watched_s / 60"), ("completion", "least(1, watched_s / nullif(duration_s, 0))")),
)

CONTACTS = Source(
    name="contacts",
    files="*/campaign_contacts.csv*",
    entity="user_id",
    event_time="assigned_at",
    known_time="reported_at",
    key=("contact_id",),
    earliest=OPENED,
    columns=(
        Column("contact_id", "string", "the assignment"),
        USER,
        Column("campaign_id", "string", "the campaign"),
        Column("campaign_name", "string", "its name"),
        Column("channel", "string", "by what; empty for control", values=CHANNELS, nullable=True),
        Column("offer", "string", "with what; empty for control",
               values=("none", "discount_20", "free_month", "new_title"), nullable=True),
        Column("contacts", "bigint", "planned messages; 0 for control", lowest=0),
        Column("probability", "double", "of the drawn action or of control, given the selection", lowest=0, highest=1),
        Column("arm", "string", "control is sent nothing", raw=("group",), values=("treatment", "control")),
        Column("assigned_at", "timestamp", "when it was decided"),
        REPORTED,
    ),
)  # fmt: skip

CAMPAIGN_HISTORY = Source(
    name="messages",
    files="*/campaign_history.jsonl*",
    format="jsonl",
    entity="user_id",
    event_time="happened_at",
    key=("event_id",),
    earliest=OPENED,
    columns=(
        Column("event_id", "string", "the event"),
        Column("user_id", "string", "the subscriber", raw=("fields.user_id",)),
        Column("action", "string", "what became of it", values=("send", "refuse", "open", "click", "unsubscribe")),
        Column("happened_at", "timestamp", "when, in UTC", raw=("datetime",)),
        Column("channel", "string", "by what", raw=("subscription.channel",), values=CHANNELS),
        Column("campaign_id", "string", "the campaign"),
        Column("email", "string", "address", nullable=True, personal=True),
    ),
)  # fmt: skip

SOURCES = (
    SUBSCRIPTIONS, PAYMENTS, AUTO_RENEW, PROFILES, IDENTITY_LINKS, VISITS, HITS, APP_EVENTS, APP_SESSIONS, VIEWING,
    CATALOGUE, CONTACTS, CAMPAIGN_HISTORY,
)  # fmt: skip
