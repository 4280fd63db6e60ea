"""The whole simulation, from a seed to folders of exports and of the truth."""

from collections.abc import Callable
from pathlib import Path

from projects.churn.simulator.behaviour.app import make_app
from projects.churn.simulator.behaviour.churn_signals import make_churn_signals
from projects.churn.simulator.behaviour.viewing import make_viewing
from projects.churn.simulator.behaviour.web import make_hits, make_visits
from projects.churn.simulator.contracts.access import make_access
from projects.churn.simulator.contracts.contract import Contracts, run_contracts
from projects.churn.simulator.people.devices import make_devices
from projects.churn.simulator.systems import (
    accounts,
    billing,
    messages,
    player,
)
from projects.churn.simulator.systems.appmetrica import event_log, session_log
from projects.churn.simulator.systems.batches import make_batches, receive_logs, write_batches
from projects.churn.simulator.systems.logs import Log
from projects.churn.simulator.systems.metrica import Metrica, make_metrica
from projects.churn.simulator.truth.design_ranges import SimulationRun, check_design_ranges
from projects.churn.simulator.truth.files import write_truth
from projects.churn.simulator.truth.states import make_states
from projects.churn.simulator.world import World, make_world


def simulate(
    raw: Path, truth: Path, *, users: int, months: int, seed: int, say: Callable[[str], None]
) -> dict[str, int]:
    """Write the exports of a simulated cinema below `raw`, and the truth about it below `truth`.

    The same arguments write the same bytes.

    Args:
        raw: an empty folder for the exports, one subfolder per batch.
        truth: an empty folder for the truth.
        users: number of people who ever sign up.
        months: number of exported months up to `calendar.LAST_DAY`.
        seed: seed of all random numbers.
        say: prints one line of progress.

    Returns:
        Number of rows written, by file name, over all batches.
    """
    world = make_world(users, months, seed)
    say(f"running the contracts of {users} people over {months} months")
    contracts = run_contracts(world)
    run, logs, web = _simulate_behaviour(world, contracts)
    received_logs = receive_logs(world, logs)
    say("writing the exports")
    rows = write_batches(world, make_batches(raw, world.window), received_logs, web)
    duplicate_share = next(log.duplicate_share() for log in received_logs if log.log.file == player.FILE)
    write_truth(truth, world, contracts, run.states, check_design_ranges(run, duplicate_share))
    return rows


def _simulate_behaviour(world: World, contracts: Contracts) -> tuple[SimulationRun, list[Log], Metrica]:
    """Draw what people do and build the logs of it."""
    devices = make_devices(world.streams, world.people)
    access = make_access(contracts, len(world.people))
    signals = make_churn_signals(world, contracts)
    plays = make_viewing(world, access, devices)
    visits = make_visits(world, contracts, access, devices, signals)
    web = make_metrica(world, devices, visits, make_hits(world, visits))
    sessions, events = make_app(world, access, devices, signals)
    logs = [
        billing.subscriptions(world, contracts), billing.payments(world, contracts), billing.switches(world, contracts),
        accounts.profiles(world, contracts), accounts.links(world, devices),
        event_log(world, devices, sessions, events), session_log(world, devices, sessions),
        player.player_log(world, devices, plays), messages.contacts(world, contracts),
        messages.history(world, contracts),
    ]  # fmt: skip
    return SimulationRun(world, contracts, make_states(world, contracts, signals), devices, access, plays), logs, web
