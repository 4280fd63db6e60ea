"""The entry points: each walks one room, `main` walks all. No logic lives here."""

from stack import (
    parent_process as parent_process,  # it notes who started this process, before the libraries take seconds to import
)
