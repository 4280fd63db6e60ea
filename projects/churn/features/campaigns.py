"""Features of campaigns: contacts, offers, and reactions to messages."""

from projects.churn.features.feature_functions import MESSAGES, days_since, per_window, where

SENT = where("sends", "action = 'send'")
OPENED = where("opens", "action = 'open'")
CLICKED = where("clicks", "action = 'click'")
#: digests are numbered from 900; all other messages are contacts of campaigns that keep subscribers.
CONTACTED = where("contacts", "action = 'send' and campaign_id not like '9__'")
MAIL = (
    *per_window("messages", "count", (30, 90), "messages", MESSAGES, "messages sent", **SENT),
    days_since("messages", MESSAGES, "a message was sent", "none was ever sent", **SENT),
    *per_window("messages", "count", (90,), "e-mails", MESSAGES, "e-mails sent",
          **where("email_sends", "action = 'send' and channel = 'email'")),
    *per_window("messages", "count", (90,), "pushes", MESSAGES, "pushes sent",
          **where("push_sends", "action = 'send' and channel = 'push'")),
    *per_window("messages", "count", (90,), "SMS", MESSAGES, "SMS sent",
          **where("sms_sends", "action = 'send' and channel = 'sms'")),
    *per_window("messages", "count", (30, 90), "contacts", MESSAGES, "contacts of campaigns received", **CONTACTED),
    *per_window("messages", "count", (90,), "messages", MESSAGES, "messages refused by the platform",
          **where("refusals", "action = 'refuse'")),
    *per_window("messages", "count", (30, 90), "messages", MESSAGES, "messages opened", **OPENED),
    days_since("messages", MESSAGES, "a message was opened", "never opened a message", **OPENED),
    *per_window("messages", "count", (90,), "e-mails", MESSAGES, "e-mails opened",
          **where("email_opens", "action = 'open' and channel = 'email'")),
    *per_window("messages", "count", (90,), "pushes", MESSAGES, "pushes opened",
          **where("push_opens", "action = 'open' and channel = 'push'")),
    *per_window("messages", "count", (90,), "clicks", MESSAGES, "clicks in messages", **CLICKED),
    days_since("messages", MESSAGES, "a click in a message", "never clicked in one", **CLICKED),
    *per_window("messages", "count", (90,), "times", MESSAGES, "times unsubscribed",
          **where("unsubscribes", "action = 'unsubscribe'")),
)  # fmt: skip

CONTACTS = (
    *per_window("contacts", "count", (30, 90), "times", MESSAGES, "times chosen by a campaign that keeps subscribers",
          private=True),
    days_since("contacts", MESSAGES, "chosen by a campaign that keeps subscribers", "never chosen", private=True),
    *per_window("contacts", "count", (90,), "times", MESSAGES, "times chosen and left alone as control",
          private=True, **where("control", "arm = 'control'")),
    *per_window("contacts", "count", (90,), "offers", MESSAGES, "offers of a discount or a free month",
          **where("money_offers", "arm = 'treatment' and offer in ('discount_20', 'free_month')")),
    *per_window("contacts", "count", (90,), "offers", MESSAGES, "recommendations of a new title",
          **where("title_offers", "arm = 'treatment' and offer = 'new_title'")),
    *per_window("contacts", "count", (90,), "times", MESSAGES, "times chosen for a push",
          private=True, **where("push", "arm = 'treatment' and channel = 'push'")),
    *per_window("contacts", "count", (90,), "times", MESSAGES, "times chosen for an SMS",
          private=True, **where("sms", "arm = 'treatment' and channel = 'sms'")),
)  # fmt: skip

FEATURES = (*MAIL, *CONTACTS)
