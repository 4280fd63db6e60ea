"""The entry points: each walks one room, `main` walks all. No logic lives here."""

from stack import parent as parent  # it notes who started this process, before the libraries take seconds to import
