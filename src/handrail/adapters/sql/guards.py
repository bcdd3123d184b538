"""Triggers that hold the laws in the database, whatever Python does.

They are part of the first migration, so they never change here: a later migration replaces them.
"""

_CASE = """
    new.version <= old.version
    or new.incarnation < old.incarnation
    or (new.incarnation = old.incarnation and new.epoch < old.epoch)
    or (new.owner <> old.owner and new.incarnation = old.incarnation and new.epoch <= old.epoch)
"""
_CASE_SAYS = "an owner changes only under a new epoch, and a case only to a newer version"
_GAP_SAYS = "ledger entries of a case are numbered without a gap"
_KEPT_SAYS = "ledger entries are never changed or deleted"
_COLUMNS = "version, incarnation, epoch, owner, status"


def _refuses(name: str, when: str, says: str) -> str:
    return f"create trigger {name} {when} begin select raise(abort, '{says}'); end"


_GAP = """
    before insert on entries when new.number > 1 and not exists (
        select 1 from entries where workspace = new.workspace
        and "case" = new."case" and number = new.number - 1
    )
"""
SQLITE = (
    _refuses("cases_epoch", f"before update of {_COLUMNS} on cases when {_CASE}", _CASE_SAYS),
    _refuses("entries_gapless", _GAP, _GAP_SAYS),
    _refuses("entries_unchanged", "before update on entries", _KEPT_SAYS),
    _refuses("entries_undeleted", "before delete on entries", _KEPT_SAYS),
    _refuses("checkpoints_unchanged", "before update on checkpoints", _KEPT_SAYS),
    _refuses("checkpoints_undeleted", "before delete on checkpoints", _KEPT_SAYS),
)

_FUNCTIONS = """
create function handrail_refuse() returns trigger language plpgsql as $$
begin
    raise exception using errcode = 'check_violation', message = tg_argv[0];
end $$;
create function handrail_gapless() returns trigger language plpgsql as $$
begin
    if new.number > 1 and not exists (
        select 1 from entries where workspace = new.workspace
        and "case" = new."case" and number = new.number - 1
    ) then
        raise exception using errcode = 'check_violation', message = '[says]';
    end if;
    return new;
end $$;
""".replace("[says]", _GAP_SAYS)


def _row(name: str, when: str, says: str, where: str = "") -> str:
    condition = f"when ({where})" if where else ""
    return (
        f"create trigger {name} {when} for each row {condition} "
        f"execute function handrail_refuse('{says}')"
    )


POSTGRESQL = (
    _FUNCTIONS,
    _row("cases_epoch", f"before update of {_COLUMNS} on cases", _CASE_SAYS, _CASE),
    "create trigger entries_gapless before insert on entries for each row "  # noqa: ISC004
    "execute function handrail_gapless()",
    _row("entries_unchanged", "before update or delete on entries", _KEPT_SAYS),
    _row("checkpoints_unchanged", "before update or delete on checkpoints", _KEPT_SAYS),
    "create trigger entries_untruncated before truncate on entries for each "  # noqa: ISC004
    f"statement execute function handrail_refuse('{_KEPT_SAYS}')",
)
