"""One invented log, from which every case is written in another form."""
import datetime

USERS, ITEMS = 14, 24
START = 1225000000  # 26 October 2008


class Event:
    def __init__(self, user, item, rating, time):
        self.user, self.item, self.rating, self.time = user, item, rating, time

    @property
    def moment(self):
        return datetime.datetime.fromtimestamp(self.time, datetime.timezone.utc)


def _numbers(seed):
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


def make_log(step):
    """100 events; those of a user are at least `step` seconds apart, no two at the same time."""
    draw = _numbers(7)
    events = []
    for user in range(1, USERS + 1):
        recent = []
        # A user's start: not in the order of the users.
        time = START + (user * 5 % USERS) * 1237 + 61 * user
        for _ in range(5 + user % 5):
            item = next(draw) % ITEMS + 1
            while item in recent:
                item = next(draw) % ITEMS + 1
            recent.append(item)
            time += step + next(draw) % step
            events.append(Event(user, item, next(draw) % 5 + 1, time))
    return events


# Events of a user are more than a day apart, or some minutes to an hour.
BY_DAYS = make_log(100_003)
BY_MINUTES = make_log(1_801)


def shuffled(events):
    """An order that is neither that of the times nor that of the users."""
    draw = _numbers(11)
    keyed = [(next(draw), event) for event in events]
    return [event for _, event in sorted(keyed, key=lambda pair: pair[0])]


def by_time(events):
    return sorted(events, key=lambda event: event.time)


def sequences(events):
    """The items of each user, oldest first."""
    result = {}
    for event in by_time(events):
        result.setdefault(event.user, []).append(event.item)
    return result
