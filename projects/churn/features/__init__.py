"""What was known about a subscriber on a morning. Trials are told by 1 to 14 days, paid ones by 7 to 90.

What people do is looked back at for 90 days at most, billing for a year: so far the logs reach back on the first
date of training.
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
