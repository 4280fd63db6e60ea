"""What is done on the site."""

from projects.churn.features.declare import ACTIVITY, LEAVING, over, part, since, where

TARIFFS = where("tariffs", "url like '%/tariffs%'")
CANCEL = where("cancel", "url like '%/account/cancel%'")
HELP = where("help", "url like '%/help/payment%'")
ACCOUNT = where("account", "url like '%/account'")
SEARCH = where("search", "url like '%/search?%'")
WATCH = where("watch", "url like '%/watch/%'")
PAGES = (
    *over("hits", "count", (7, 30, 90), "pages", LEAVING, "views of the page of tariffs", **TARIFFS),
    since("hits", LEAVING, "the page of tariffs was seen", "never saw it", **TARIFFS),
    *over("hits", "count", (7, 30, 90), "pages", LEAVING, "views of the page for cancelling", **CANCEL),
    since("hits", LEAVING, "the page for cancelling was seen", "never saw it", **CANCEL),
    *over("hits", "count", (7, 30), "pages", LEAVING, "views of help with payment", **HELP),
    since("hits", LEAVING, "help with payment was seen", "never saw it", **HELP),
    *over("hits", "count", (30,), "pages", LEAVING, "views of the page of the account", **ACCOUNT),
    *over("hits", "count", (1, 3, 7, 30), "pages", ACTIVITY, "pages seen on the site"),
    *over("hits", "count", (30,), "searches", ACTIVITY, "searches on the site", **SEARCH),
    *over("hits", "count", (30,), "pages", ACTIVITY, "pages of titles seen on the site", **WATCH),
)

# A visit is known three days after it began, so that shorter windows than a week would tell of it too late.
VISITS = (
    *over("visits", "count", (7, 30, 90), "visits", ACTIVITY, "visits to the site"),
    part("visits", (30, 90), ACTIVITY, "visits to the site", "no visit in that time"),
    since("visits", ACTIVITY, "the site was visited", "never visited it while logged in"),
    *over("visits", "sum", (30, 90), "minutes", ACTIVITY, "minutes on the site", measure="minutes"),
    *over("visits", "mean", (90,), "pages", ACTIVITY, "pages of a visit, on average", measure="page_views",
          null="no visit in that time"),
    *over("visits", "share", (90,), "share", ACTIVITY, "share of visits that were left at once",
          null="no visit in that time", **where("bounced", "bounce = 1")),
    *over("visits", "share", (90,), "share", ACTIVITY, "share of visits that an advertisement brought",
          null="no visit in that time", **where("advertised", "traffic = 'ad'")),
    *over("visits", "count", (90,), "visits", LEAVING, "visits that ended at cancelling",
          **where("cancelling", "goals like '%1002%'")),
)  # fmt: skip

FEATURES = (*PAGES, *VISITS)
