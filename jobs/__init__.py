"""The entry points, one file each: `main` runs all steps. They hold no logic, jobs/runtime and the rooms do."""

from stack import (
    parent_process as parent_process,  # it records the parent process before the slow imports of libraries
)
