"""What a roster lacks for a pack: queues without people, names that nobody has."""

from collections.abc import Iterator, Sequence

from handrail.core.routing.roster import Person, Roster
from handrail.core.routing.settings import MatrixRow, Queue


def gaps(queues: Sequence[Queue], matrix: Sequence[MatrixRow], roster: Roster) -> tuple[str, ...]:
    """All of them, in words; () when every queue and row has somebody."""
    found = [*_queues(queues, roster), *_rows(matrix, roster)]
    return tuple(dict.fromkeys(found))


def _queues(queues: Sequence[Queue], roster: Roster) -> Iterator[str]:
    for queue in queues:
        if queue.merged_into:
            continue
        members = roster.members(queue.name)
        if not members:
            yield f"queue `{queue.name}` has no people"
        for name, level in queue.skills:
            if members and not any(dict(one.skills).get(name, 0) >= level for one in members):
                yield f"nobody in queue `{queue.name}` has the skill `{name}` at {level}"
        if queue.steward:
            yield from _name(queue.steward, f"steward of queue `{queue.name}`", roster)


def _rows(matrix: Sequence[MatrixRow], roster: Roster) -> Iterator[str]:
    for row in matrix:
        here = f"the row of topic `{row.topic}` and tier `{row.tier}`"
        for name in row.reviewers:
            yield from _name(name, f"reviewer of {here}", roster)
        asked: list[Person | None] = [*map(roster.person, row.reviewers)]
        asked += roster.members(row.queue)
        if row.tags and not any(
            one and not one.left and set(row.tags) <= set(one.tags) for one in asked
        ):
            yield f"nobody has all the tags of {here}"


def _name(name: str, what: str, roster: Roster) -> Iterator[str]:
    person = roster.person(name)
    if person is None:
        yield f"{what}: `{name}` is not in the roster"
    elif person.left:
        yield f"{what}: `{name}` has left"
