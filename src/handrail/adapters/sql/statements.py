"""The statements of a unit of work, written once with `?` and translated to the driver's marks."""

from dataclasses import dataclass, fields

from handrail.adapters.sql import rows

_WS = "workspace = ?"


def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"insert into {table} ({', '.join(columns)}) values ({marks})"


def _upsert(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    rest = ", ".join(f"{one} = excluded.{one}" for one in columns if one not in key)
    return f"{_insert(table, columns)} on conflict ({', '.join(key)}) do update set {rest}"


_CASES = "select body, clocks, head, touched, fresh from cases where workspace = ? and id"
_CALLED = (
    "select c.body, c.clocks, c.head, c.touched, c.fresh, (select a.body from answers a "
    'where a.workspace = c.workspace and a."case" = c.id and a.key = ?3), exists (select 1 '
    "from stops s where s.workspace = c.workspace and s.workflow = c.workflow) "
    "from cases c where c.workspace = ?1 and c.id = ?2"
)
_TURNS = (
    'select t."case", t.number, t.at, t.role, t."by", t.signals, p.text from turns t '
    "left join payloads p on p.workspace = t.workspace "
    "and p.key = t.\"case\" || '#t' || cast(t.number as text) "
    'where t.workspace = ? and t."case" = ? and t.number >= ? and t.number <= ? order by t.number'
)
_EFFECTS = f"select {', '.join(rows.EFFECT[1:])} from effects where workspace = ?"
_ENTRIES = (
    f"select {', '.join(rows.ENTRY[1:-1])} from entries "
    'where workspace = ? and "case" = ? order by number'
)
_KINDS = ("text", "text", "integer", "bigint", *("text",) * 2, *("bigint",) * 2, *("text",) * 2)
_PLACED = (  # never before the entry before it, whose transaction may have begun after ours
    f"insert into entries ({', '.join(rows.ENTRY)}, place) select n.*, "
    "greatest(pg_current_xact_id()::text::bigint, coalesce((select e.place from entries e where "
    'e.workspace = n.workspace and e."case" = n."case" and e.number = n.number - 1), 0)) from '
    f"(select {', '.join(f'?::{k} as {one}' for k, one in zip(_KINDS, rows.ENTRY, strict=True))}) n"
)
_HAVE = "status in ('proposed', 'held', 'delegated')"
_IDLE = "status in ('queued', 'fallback')"
_NEXT = "select min(queue) from cases where workspace = ? and"


@dataclass(frozen=True, slots=True)
class Statements:
    """All that a unit says to the database."""

    case: str = f"{_CASES} = ?"
    look: str = f"{_CASES} = ?"
    called: str = ""  # the case, the answer to a call and whether the AI is stopped, in one go
    new_case: str = _insert("cases", ("workspace", "id", *rows.CASE))
    save_case: str = (
        f"update cases set {', '.join(f'{one} = ?' for one in rows.CASE)} "
        f"where {_WS} and id = ? and version = ?"
    )
    save_running: str = (
        f"update cases set {', '.join(f'{one} = ?' for one in rows.RUNNING)} "
        f"where {_WS} and id = ? and version = ?"
    )
    arm: str = f"update cases set fires = ?, clocks = ? where {_WS} and id = ?"
    open_handoff: str = _insert("handoffs", ("workspace", '"case"', "number", "opened"))
    end_handoff: str = f'update handoffs set ended = ? where {_WS} and "case" = ? and ended is null'
    answer: str = f'select body from answers where {_WS} and "case" = ? and key = ?'
    new_answer: str = _insert("answers", ("workspace", '"case"', "key", "at", "body"))
    new_turn: str = _insert("turns", rows.TURN)
    turns: str = _TURNS
    new_entry: str = _insert("entries", rows.ENTRY)
    entries: str = _ENTRIES
    payload: str = f"select text from payloads where {_WS} and key = ?"
    new_payload: str = _upsert(
        "payloads", ("workspace", "key", '"case"', "salt", "text"), ("workspace", "key")
    )
    effect: str = f"{_EFFECTS} and key = ?"
    effects: str = f'{_EFFECTS} and "case" = ? order by number, key'
    queued: str = f"{_EFFECTS} and \"case\" = ? and status = 'queued' order by number, key"
    undelivered: str = (
        f"{_EFFECTS} and status = 'queued' and due <= ? order by due, number, key limit ?"
    )
    failed: str = f"{_EFFECTS} and status = 'failed' order by at desc, key limit ?"
    put_effect: str = _upsert("effects", rows.EFFECT, ("workspace", "key"))
    approval: str = f"select body from approvals where {_WS} and id = ?"
    approvals: str = f'select body from approvals where {_WS} and "case" = ? order by id'
    put_approval: str = _upsert(
        "approvals", ("workspace", "id", '"case"', "status", "body"), ("workspace", "id")
    )
    overdue: str = (
        f"select id, body, clocks, head, touched, fresh from cases where {_WS} and fires <= ? "
        "order by fires, id limit ?"
    )
    load: str = f"select human, count(*) from cases where {_WS} and {_HAVE} group by human"
    waiting: str = (
        "select count(*) from (select 1 from cases "
        f"where {_WS} and queue = ? and {_IDLE} limit ?) as found"
    )
    waiting_queues: str = (  # from one to the next by the index, however many wait in each
        f"with recursive found(queue) as ({_NEXT} {_IDLE} union all select "
        f"({_NEXT} {_IDLE} and queue > found.queue) from found where found.queue is not null) "
        "select queue from found where queue is not null"
    )
    urgent: str = (
        f"select body from cases where {_WS} and queue = ? and {_IDLE} "
        "and (urgency, since, id) > (?, ?, ?) order by urgency, since, id limit ?"
    )
    held: str = (
        f"select id from cases where {_WS} and {_HAVE} and status <> 'proposed' order by human, id"
    )
    stopped: str = f"select 1 from stops where {_WS} and workflow = ?"
    stop: str = "insert into stops (workspace, workflow) values (?, ?) on conflict do nothing"
    resume: str = f"delete from stops where {_WS} and workflow = ?"

    def mark(self, text: str) -> str:
        """A statement of this kind with the marks of the driver."""
        return text.replace("?", "%s") if "%s" in self.case else text


SQLITE = Statements(called=_CALLED)


def _postgresql(*, locks: bool) -> Statements:
    told = {one.name: getattr(SQLITE, one.name) for one in fields(Statements)}
    told["called"] = ""  # who has waited for a lock must look again, not at what was there before
    if locks:
        told["new_entry"] = _PLACED
        told["case"] += " for update"
        told["effect"] += " for update"
        told["overdue"] += " for update skip locked"
    return Statements(**{name: text.replace("?", "%s") for name, text in told.items()})


POSTGRESQL = _postgresql(locks=True)
POSTGRESQL_VIEW = _postgresql(locks=False)
