"""Whom campaigns chose, with what, and what became of the messages."""

from projects.churn.features.declare import MESSAGES, over, since, where

SENT = where("sends", "action = 'send'")
OPENED = where("opens", "action = 'open'")
CLICKED = where("clicks", "action = 'click'")
MAIL = (
    *over("messages", "count", (30, 90), "messages", MESSAGES, "messages sent", **SENT),
    since("messages", MESSAGES, "a message was sent", "none was ever sent", **SENT),
    *over("messages", "count", (90,), "e-mails", MESSAGES, "e-mails sent",
          **where("email_sends", "action = 'send' and channel = 'email'")),
    *over("messages", "count", (90,), "pushes", MESSAGES, "pushes sent",
          **where("push_sends", "action = 'send' and channel = 'push'")),
    *over("messages", "count", (30, 90), "messages", MESSAGES, "messages opened", **OPENED),
    since("messages", MESSAGES, "a message was opened", "never opened a message", **OPENED),
    *over("messages", "count", (90,), "e-mails", MESSAGES, "e-mails opened",
          **where("email_opens", "action = 'open' and channel = 'email'")),
    *over("messages", "count", (90,), "pushes", MESSAGES, "pushes opened",
          **where("push_opens", "action = 'open' and channel = 'push'")),
    *over("messages", "count", (90,), "clicks", MESSAGES, "clicks in messages", **CLICKED),
    since("messages", MESSAGES, "a click in a message", "never clicked in one", **CLICKED),
    *over("messages", "count", (90,), "times", MESSAGES, "times unsubscribed",
          **where("unsubscribes", "action = 'unsubscribe'")),
)  # fmt: skip

CONTACTS = (
    *over("contacts", "count", (30, 90), "times", MESSAGES, "times chosen by a campaign that keeps subscribers",
          private=True),
    since("contacts", MESSAGES, "chosen by a campaign that keeps subscribers", "never chosen", private=True),
    *over("contacts", "count", (90,), "times", MESSAGES, "times chosen and left alone as control",
          private=True, **where("control", "arm = 'control'")),
    *over("contacts", "count", (90,), "offers", MESSAGES, "offers of a discount or a free month",
          **where("money_offers", "arm = 'treatment' and offer in ('discount_20', 'free_month')")),
    *over("contacts", "count", (90,), "offers", MESSAGES, "recommendations of a new title",
          **where("title_offers", "arm = 'treatment' and offer = 'new_title'")),
    *over("contacts", "count", (90,), "times", MESSAGES, "times chosen for a push",
          private=True, **where("push", "channel = 'push'")),
)  # fmt: skip

FEATURES = (*MAIL, *CONTACTS)
