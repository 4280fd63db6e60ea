"""`python -m tests.naming_check`: names that docs/naming.md bans, and class names with two meanings."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: bare participles and adverbs, and names of before that docs/naming.md replaced.
NAMES = """
one found told asked held known own said made kept again alone here
rang proof mark cut deal versus hopeless untrusted carry_out settled add_up why_broken passed_over
lacking learnt readable adopt take tell_program
"""
CLASSES = "Again Alone Judge Versus Held Moved Past Standing Learnt Supply Lacking Usable Taken Mark Told Logged"
BANNED = frozenset((*NAMES.split(), *CLASSES.split()))
#: declared by projects, and part of the text that snapshots and tables are hashed by: renamed, all would be read anew.
ALLOWED = frozenset({("lake/references.py", "own")})
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def defined_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of everything that a module defines: modules' aliases, functions, arguments, variables, fields."""
    for node in ast.walk(tree):
        if isinstance(node, NAMED):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.asname) for alias in node.names if alias.asname)


def is_banned(name: str) -> bool:
    """Whether docs/naming.md refuses a name; a leading underscore does not help."""
    return name.strip("_") in BANNED


def offenders() -> Iterator[str]:
    """One line for each banned name, and for each public class whose name another module uses too."""
    classes: dict[str, list[str]] = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
        if place.parts[0].startswith("."):
            continue
        if is_banned(path.stem.removeprefix("test_")):
            yield f"{place}: module {path.stem}"
        tree = ast.parse(path.read_text())
        yield from (
            f"{place}:{line}: {name}"
            for line, name in defined_names(tree)
            if is_banned(name) and (str(place), name) not in ALLOWED
        )
        if place.parts[0] != "tests":
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    classes[node.name].append(str(place))
    yield from (f"{', '.join(places)}: class {name} twice" for name, places in classes.items() if len(places) > 1)


def main() -> int:
    """Print the offenders; 1 if there are any."""
    lines = list(offenders())
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if lines:
        sys.stderr.write(f"{len(lines)} names that docs/naming.md bans: rename them.\n")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
