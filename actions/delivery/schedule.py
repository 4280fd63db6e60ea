"""The times of contacts: on the day of the plan, then after each gap of the channel, outside of its quiet hours."""

from datetime import time

from actions.declare.action import Channel

#: time of day of a contact, in the project's zone, unless it is within the channel's quiet hours.
CONTACT_TIME = time(12)


def contact_time(channel: Channel) -> time:
    """The time of day of the channel's contacts: noon, or the end of the quiet hours that contain noon.

    >>> contact_time(Channel(name="sms", cost=1, where="true", quiet_hours=(time(10), time(18, 30))))
    datetime.time(18, 30)
    """
    return (
        channel.quiet_hours[1] if channel.quiet_hours and is_quiet(CONTACT_TIME, channel.quiet_hours) else CONTACT_TIME
    )


def is_quiet(moment: time, quiet_hours: tuple[time, time]) -> bool:
    """Whether a time of day is within [from, until); the hours may pass midnight.

    >>> is_quiet(time(23), (time(21), time(9))), is_quiet(time(9), (time(21), time(9)))
    (True, False)
    """
    begin, end = quiet_hours
    return begin <= moment < end if begin < end else moment >= begin or moment < end
