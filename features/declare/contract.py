"""Declaration of a contract: payments, trials and auto-renewal in the sources."""

from collections.abc import Sequence
from dataclasses import dataclass

from lake import Source
from lake.column import TIMES
from lake.declarations import DeclarationError, collectable

#: states of a contract at a date.
STATES = ("trial", "paid", "grace", "lapsed")

#: measure -> SQL over the parts of `features/compile/contract_sql.py`; null if it does not apply.
MEASURES = {
    "days_to_end": "datediff(cast(case state when 'trial' then trial.stop when 'paid' then access.stop end as date), "
    "as_of)",
    "tenure_days": "if(state = 'paid', datediff(as_of, cast(access.island as date)), null)",
    "days_since_first_access": "datediff(as_of, cast(least(first_paid, first_trial) as date))",
    "earlier_lapses": "coalesce(islands, 0) - if(state = 'paid', 1, 0)",
    "auto_renew": "switch.renews",
    "days_since_switched_off": "if(switch.renews = 0 and switch.by_user, "
    "datediff(as_of, cast(switch.at as date)), null)",
    "promo": "int(coalesce(promo.stop > as_of, false))",
    "days_to_promo_end": "if(promo.stop > as_of, datediff(cast(promo.stop as date), as_of), null)",
    "trial_age": "if(state = 'trial', datediff(as_of, cast(trial.start as date)), null)",
    "trial_length": "if(state = 'trial', datediff(cast(trial.stop as date), cast(trial.start as date)), null)",
    "trial_auto_charging": "if(state = 'trial', int(trial.charging), null)",
}


@dataclass(frozen=True)
class Contract:
    """The rows of the sources that form a subscriber's contract.

    At `as_of`, of the rows that had happened and were known before it, a contract is
    `paid` while a succeeded payment's period covers `as_of`; else `trial` while a trial does and nothing was paid
    since it began; else `grace` for `grace_days` after paid access ended, with auto-renew on; else `lapsed` if
    there was any access.

    Attributes:
        payments: source of charges; its event time is the time of the attempt.
        succeeded: SQL condition of a successful charge.
        period_start, period_end: its columns of the paid period.
        trials: source of subscription events; its event time is the start of a trial.
        trial_started: SQL condition of a row that begins a trial.
        trial_end: its column of the end of the trial.
        auto_charging: SQL condition of a trial that is charged automatically at its end.
        promo_end: its column of the end of the lower price.
        switches: source of switches of auto-renewal.
        auto_renew: its column, 1 on and 0 off.
        by_user: SQL condition of a switch that the subscriber made.
        grace_days: days of retried charges after paid access ended.
        joined_days: maximum gap between paid periods of one island of access.
    """

    payments: str
    succeeded: str
    period_start: str
    period_end: str
    trials: str
    trial_started: str
    trial_end: str
    auto_charging: str
    promo_end: str
    switches: str
    auto_renew: str
    by_user: str
    grace_days: int = 7
    joined_days: int = 2

    @collectable
    def __post_init__(self) -> None:
        for name in ("grace_days", "joined_days"):
            if getattr(self, name) < 0:
                raise DeclarationError(f"Contract: {name} is {getattr(self, name)}, it must be at least 0.")

    @property
    def conditions(self) -> tuple[tuple[str, str, str], ...]:
        """Name, source and SQL of each condition."""
        return (
            ("succeeded", self.payments, self.succeeded),
            ("trial_started", self.trials, self.trial_started),
            ("auto_charging", self.trials, self.auto_charging),
            ("by_user", self.switches, self.by_user),
        )

    @property
    def source_names(self) -> tuple[str, ...]:
        """The sources with its rows."""
        return (self.payments, self.trials, self.switches)

    def check(self, sources: Sequence[Source]) -> None:
        """See that the sources have the columns.

        Raises:
            DeclarationError: an unknown source or column, or a column of the wrong type.
        """
        by_name = {source.name: source for source in sources}
        for name in self.source_names:
            if name not in by_name:
                raise DeclarationError(f"Contract: no source {name}; the sources are {', '.join(by_name)}.")
        moments = ((self.payments, self.period_start), (self.payments, self.period_end),
                   (self.trials, self.trial_end), (self.trials, self.promo_end))  # fmt: skip
        for name, column in moments:
            if by_name[name].column(column).type not in TIMES:
                raise DeclarationError(f"Contract: {column} of {name} is neither a date nor a timestamp.")
        if by_name[self.switches].column(self.auto_renew).type != "bigint":
            raise DeclarationError(
                f"Contract: {self.auto_renew} of {self.switches} is not a bigint; use 1 for on and 0 for off."
            )
