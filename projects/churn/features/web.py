"""Features of the use of the site."""

from projects.churn.features.feature_functions import (
    ACTIVITY,
    LEAVING,
    days_since,
    per_window,
    recent_share,
    where,
)

TARIFFS = where("tariffs", "url like '%/tariffs%'")
CANCEL = where("cancel", "url like '%/account/cancel%'")
HELP = where("help", "url like '%/help/payment%'")
ACCOUNT = where("account", "url like '%/account'")
SEARCH = where("search", "url like '%/search?%'")
WATCH = where("watch", "url like '%/watch/%'")
PAGES = (
    *per_window("hits", "count", (7, 30, 90), "pages", LEAVING, "views of the page of tariffs", **TARIFFS),
    days_since("hits", LEAVING, "the page of tariffs was seen", "never saw it", **TARIFFS),
    *per_window("hits", "count", (7, 30, 90), "pages", LEAVING, "views of the page for cancelling", **CANCEL),
    days_since("hits", LEAVING, "the page for cancelling was seen", "never saw it", **CANCEL),
    *per_window("hits", "count", (7, 30), "pages", LEAVING, "views of help with payment", **HELP),
    days_since("hits", LEAVING, "help with payment was seen", "never saw it", **HELP),
    *per_window("hits", "count", (30,), "pages", LEAVING, "views of the page of the account", **ACCOUNT),
    *per_window("hits", "count", (1, 3, 7, 30), "pages", ACTIVITY, "pages seen on the site"),
    *per_window("hits", "count", (30,), "searches", ACTIVITY, "searches on the site", **SEARCH),
    *per_window("hits", "count", (30,), "pages", ACTIVITY, "pages of titles seen on the site", **WATCH),
)

# A visit is known only three days after it began, so windows shorter than a week would miss most visits.
VISITS = (
    *per_window("visits", "count", (7, 30, 90), "visits", ACTIVITY, "visits to the site"),
    recent_share("visits", (30, 90), ACTIVITY, "visits to the site", "no visit in that time"),
    days_since("visits", ACTIVITY, "the site was visited", "never visited it while logged in"),
    *per_window("visits", "sum", (30, 90), "minutes", ACTIVITY, "minutes on the site", measure="minutes"),
    *per_window("visits", "mean", (90,), "pages", ACTIVITY, "pages of a visit, on average", measure="page_views",
          null="no visit in that time"),
    *per_window("visits", "share", (90,), "share", ACTIVITY, "share of visits that were left at once",
          null="no visit in that time", **where("bounced", "bounce = 1")),
    *per_window("visits", "share", (90,), "share", ACTIVITY, "share of visits that an advertisement brought",
          null="no visit in that time", **where("advertised", "traffic = 'ad'")),
    *per_window("visits", "count", (90,), "visits", LEAVING, "visits that ended at cancelling",
          **where("cancelling", "goals like '%1002%'")),
)  # fmt: skip

FEATURES = (*PAGES, *VISITS)
