"""The action plan of a project: its actions, costs and control groups, and where the history of contacts is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from actions.declare.action import Action, Channel, Offer, check_amount
from lake.declarations import DeclarationError, collectable, refuse
from training import Slice

#: name of the arm without a contact.
CONTROL = "control"


@dataclass(frozen=True, kw_only=True)
class ControlGroups:
    """Shares of people who are drawn at random, by a hash of entity and salt.

    Attributes:
        global_share: share of all people who are never contacted, in any campaign.
        campaign_share: share of a campaign's people who are not contacted in this campaign.
        exploration_share: share of a campaign's people who get an action at random, which the next model learns from.
        salt: text of the hash. Another salt draws another global control group, so it never changes.
    """

    global_share: float = 0.05
    campaign_share: float = 0.1
    exploration_share: float = 0.1
    salt: str

    @collectable
    def __post_init__(self) -> None:
        refuse([*self._mistakes()])

    def _mistakes(self) -> Iterator[str]:
        for name in ("global_share", "campaign_share", "exploration_share"):
            share = getattr(self, name)
            if not 0 < share < 1:
                yield (f"Control groups: {name} is {share}, it must be between 0 and 1, or nothing can be measured.")
        if self.campaign_share + self.exploration_share >= 1:
            yield (
                f"Control groups: campaign_share {self.campaign_share} and exploration_share {self.exploration_share} "
                "leave nobody for the policy; their sum must be below 1."
            )
        if not self.salt.strip():
            yield "Control groups: salt is empty; give a text that never changes, such as the project's name."


@dataclass(frozen=True, kw_only=True)
class AssignmentHistory:
    """Past assignments in a source of the lake; each names a column of that source.

    Attributes:
        source: name of the source; its event time is the moment of the assignment.
        campaign: column of the campaign.
        channel, offer, contacts: columns of the action.
        arm: column that says who is control.
        control: value of `arm` for control.
        probability: column of the probability of the assigned arm, given that the person was in the campaign.
    """

    source: str
    campaign: str = "campaign_id"
    channel: str = "channel"
    offer: str = "offer"
    contacts: str = "contacts"
    arm: str = "arm"
    control: str = "control"
    probability: str = "probability"


@dataclass(frozen=True, kw_only=True)
class ReactionHistory:
    """What became of messages, in a source of the lake; each names a column of that source.

    Attributes:
        source: name of the source; its event time is the moment of the reaction.
        reaction: column of the reaction.
        campaign: column of the campaign.
        channel: column of the channel.
        meanings: value of `reaction` -> `delivered`, `opened`, `clicked`, `unsubscribed` or `refused`.
    """

    source: str
    reaction: str = "action"
    campaign: str = "campaign_id"
    channel: str = "channel"
    meanings: Mapping[str, str] = field(
        default_factory=lambda: {
            "send": "delivered",
            "open": "opened",
            "click": "clicked",
            "unsubscribe": "unsubscribed",
            "refuse": "refused",
        }
    )


@dataclass(frozen=True, kw_only=True)
class ActionPlan:
    """What may be done to keep people, for whom, at what cost.

    Attributes:
        channels, offers, actions: the declarations; an action names a channel and an offer.
        value: of a person kept, in `currency`: the margin over the months that the person is expected to stay.
        currency: of all amounts.
        basis: where the amounts come from; say so if they are assumed.
        daily_budget: the most money of one day.
        control: the control groups.
        populations: names of the populations that may be contacted.
        where: condition over the snapshot's columns: people who may be contacted at all.
        assignments: past randomised assignments in the lake; None if there are none.
        reactions: reactions to messages in the lake; None if there are none.
        segments: groups of people for which lift is measured apart.
        rest_days: days after an assignment in which a person enters no other campaign. Otherwise another campaign would
            contact the control group before its outcome is known.
        history_days: only assignments of this many last days are analysed; older ones are of another market.
    """

    channels: tuple[Channel, ...]
    offers: tuple[Offer, ...]
    actions: tuple[Action, ...]
    value: float
    currency: str
    basis: str
    daily_budget: float
    control: ControlGroups
    populations: tuple[str, ...]
    where: str = "true"
    assignments: AssignmentHistory | None = None
    reactions: ReactionHistory | None = None
    segments: tuple[Slice, ...] = ()
    rest_days: int = 30
    history_days: int = 240

    @collectable
    def __post_init__(self) -> None:
        refuse([*self._mistakes()])

    def _mistakes(self) -> Iterator[str]:
        for what, amount in (("value", self.value), ("daily_budget", self.daily_budget)):
            try:
                check_amount(f"Action plan: {what}", amount)
            except DeclarationError as error:
                yield from error.sentences
                continue
            if amount == 0:
                yield f"Action plan: {what} is 0, so no action can pay; give an amount above 0."
        for kind, items in (("channel", self.channels), ("offer", self.offers), ("action", self.actions)):
            names = [item.name for item in items]
            if not names or len(set(names)) != len(names):
                yield f"Action plan: it needs {kind}s with different names, but they are {names}."
        yield from self._unknown_names()
        yield from self._impossible_days()
        if not self.populations:
            yield "Action plan: populations is empty; name the populations that may be contacted."

    def _impossible_days(self) -> Iterator[str]:
        for name, least in (("rest_days", 0), ("history_days", 1)):
            if getattr(self, name) < least:
                yield f"Action plan: {name} is {getattr(self, name)}, it must be {least} or more."

    def _unknown_names(self) -> Iterator[str]:
        channels, offers = {channel.name for channel in self.channels}, {offer.name for offer in self.offers}
        for action in self.actions:
            if action.channel not in channels:
                yield (
                    f"Action {action.name}: channel {action.channel!r} is not declared, so it has no cost; "
                    f"use {', '.join(sorted(channels))}."
                )
            if action.offer not in offers:
                yield (
                    f"Action {action.name}: offer {action.offer!r} is not declared, so it has no cost; "
                    f"use {', '.join(sorted(offers))}."
                )
        for channel in self.channels:
            most = max((action.contacts for action in self.actions if action.channel == channel.name), default=0)
            if most > channel.frequency_cap:
                yield (
                    f"Channel {channel.name}: an action has {most} contacts, but frequency_cap allows "
                    f"{channel.frequency_cap} in {channel.cap_days} days; raise the cap or drop the action."
                )

    def channel(self, action: Action) -> Channel:
        """The channel of an action."""
        return next(channel for channel in self.channels if channel.name == action.channel)

    def offer(self, action: Action) -> Offer:
        """The offer of an action."""
        return next(offer for offer in self.offers if offer.name == action.offer)

    def cost(self, action: Action) -> float:
        """Expected cost of an action for one person: all its contacts, and the offer once."""
        return self.channel(action).cost * action.contacts + self.offer(action).cost

    @property
    def arms(self) -> tuple[str, ...]:
        """`control`, then the names of the actions."""
        return (CONTROL, *(action.name for action in self.actions))
