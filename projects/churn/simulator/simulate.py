"""The whole simulation, from a seed to folders of exports."""

from collections.abc import Callable
from pathlib import Path

from projects.churn.simulator.behaviour.app import make_app
from projects.churn.simulator.behaviour.interest import make_looks
from projects.churn.simulator.behaviour.viewing import make_viewing
from projects.churn.simulator.behaviour.web import make_hits, make_visits
from projects.churn.simulator.contracts.access import make_access
from projects.churn.simulator.contracts.contract import Contracts, run_contracts
from projects.churn.simulator.contracts.promises import Run, make_promises
from projects.churn.simulator.contracts.truth import make_states
from projects.churn.simulator.contracts.truth_folder import write_truth
from projects.churn.simulator.people.devices import make_devices
from projects.churn.simulator.systems import (
    accounts,
    billing,
    messages,
    player,
)
from projects.churn.simulator.systems.appmetrica import event_log, session_log
from projects.churn.simulator.systems.drops import arrive, make_drops, write_drops
from projects.churn.simulator.systems.logs import Log
from projects.churn.simulator.systems.metrica import Metrica, make_metrica
from projects.churn.simulator.world import World, make_world


def simulate(
    raw: Path, truth: Path, *, users: int, months: int, seed: int, say: Callable[[str], None]
) -> dict[str, int]:
    """Write the exports of a simulated cinema below `raw`, and the truth about it below `truth`.

    The same arguments write the same bytes.

    Args:
        raw: an empty folder.
        truth: an empty folder.
        users: how many people ever sign up.
        months: how many months end with the last day.
        seed: of all random numbers.
        say: told what is being done.

    Returns:
        Rows written, by file name.
    """
    world = make_world(users, months, seed)
    say(f"running the contracts of {users} people over {months} months")
    contracts = run_contracts(world)
    run, logs, web = _behaviour(world, contracts)
    arrived = arrive(world, logs)
    say("writing the exports")
    rows = write_drops(world, make_drops(raw, world.window), arrived, web)
    sent_twice = next(one.sent_twice() for one in arrived if one.log.file == player.FILE)
    write_truth(truth, world, contracts, run.states, make_promises(run, sent_twice))
    return rows


def _behaviour(world: World, contracts: Contracts) -> tuple[Run, list[Log], Metrica]:
    """What people do, and the logs of it."""
    devices = make_devices(world)
    access = make_access(contracts, len(world.people))
    looks = make_looks(world, contracts)
    plays = make_viewing(world, access, devices)
    visits = make_visits(world, contracts, access, devices, looks)
    web = make_metrica(world, devices, visits, make_hits(world, visits))
    sessions, events = make_app(world, access, devices, looks)
    logs = [
        billing.subscriptions(world, contracts), billing.payments(world, contracts), billing.switches(world, contracts),
        accounts.profiles(world), accounts.links(world, devices), event_log(world, devices, sessions, events),
        session_log(world, devices, sessions), player.player_log(world, devices, plays),
        messages.contacts(world, contracts), messages.history(world, contracts),
    ]  # fmt: skip
    return Run(world, contracts, make_states(world, contracts), devices, access, plays), logs, web
