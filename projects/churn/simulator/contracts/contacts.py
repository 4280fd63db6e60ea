"""Messages of the actions that campaigns assign."""

import numpy as np

from projects.churn.simulator.actions import ARM_CHANNELS, ARM_CONTACTS, MAX_CONTACTS
from projects.churn.simulator.campaigns import FIRST_CAMPAIGN
from projects.churn.simulator.columns import Ints
from projects.churn.simulator.contracts.intent import RenewalDecision
from projects.churn.simulator.mailing import (
    CONTACT_INTERVAL,
    MESSAGE_DRAWS,
    Messages,
    Recipients,
    draw_messages,
)
from projects.churn.simulator.world import World


def draw_contacts(world: World, users: Ints, decision: RenewalDecision, turn: int) -> Messages:
    """Draw the planned messages of one turn and the reactions to them; `users` (n,) are the people of the decisions."""
    shape = (len(world.people), MAX_CONTACTS, MESSAGE_DRAWS)
    # Each turn draws numbers for everybody, so nobody's contacts change the draws of others.
    draws = world.streams.generator(f"reactions {turn}").random(shape)
    rows, contact = np.nonzero(np.arange(MAX_CONTACTS) < ARM_CONTACTS[decision.arm][:, None])
    user = users[rows]
    recipients = Recipients(
        user=user,
        campaign=decision.campaign[rows] + FIRST_CAMPAIGN,
        channel=ARM_CHANNELS[decision.arm[rows]],
        planned=decision.contacted[rows] + contact * CONTACT_INTERVAL,
        contact=contact,
    )
    return draw_messages(draws[user, contact], world.people, world.latent_states, recipients)
