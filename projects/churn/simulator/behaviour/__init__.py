"""The behaviour of subscribers: viewing, site visits, app sessions, and signals of leaving."""
