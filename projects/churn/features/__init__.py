"""Features of a subscriber, from the rows known before the date. Windows of 1 to 14 days serve trials, 7 to 90 paid.

Features of behaviour look back at most 90 days, features of billing a year: the logs cover that much history on the
first training date.
"""

from projects.churn.features import apps, billing, campaigns, people, titles, viewing, web

FEATURES = (
    *billing.FEATURES,
    *viewing.FEATURES,
    *titles.FEATURES,
    *web.FEATURES,
    *apps.FEATURES,
    *campaigns.FEATURES,
    *people.FEATURES,
)
