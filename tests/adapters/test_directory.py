"""Who is known, what they were granted, and what they prove it with: on both kinds of database."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, cast

import pytest

from handrail import books
from handrail.adapters.sql import SqlStore, passwords
from handrail.adapters.sql.directory import Directory, first_admin
from handrail.adapters.sql.gate import Gate
from handrail.adapters.sql.tokens import DAY, HOUR, Tokens
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.access import Grant, Kind, Principal, Role, Token, TokenKind
from handrail.core.ownership import Actor, Party
from handrail.errors import Conflict, HandrailError, InputError, NotFound, Refused, Unauthenticated
from stores import new_store

BOSS = Actor(kind=Party.HUMAN, id="boss")
PASSWORD = "four green lamps at sea"  # noqa: S105
ADMIN = Grant(role=Role.ADMIN)
HUMAN = Grant(role=Role.HUMAN, queue="tier-2")


@dataclass
class Place:
    """A directory in a workspace of its own, with a clock that is set by hand."""

    now: int
    store: SqlStore = field(init=False)
    directory: Directory = field(init=False)

    def who(self, text: str) -> Principal:
        return Directory.authenticate(self.store.within("another"), text)

    def refused(self, text: str) -> str:
        with pytest.raises(Unauthenticated) as problem:
            Directory.authenticate(self.store, text)
        return str(problem.value)

    def book(self) -> list[tuple[str, str, dict[str, Any]]]:
        with self.store.view() as unit:
            return [(one.name, one.actor, dict(one.body)) for one in books.read(unit, books.ACCESS)]

    def names(self) -> list[str]:
        return [name for name, *_ in self.book()]


@pytest.fixture(params=("sqlite", "postgresql"))
def place(request: pytest.FixtureRequest) -> Place:
    made = Place(now=1_000_000_000)
    store = new_store(request.param, lambda: made.now)
    assert isinstance(store, SqlStore)
    made.store, made.directory = store, Directory(store)
    return made


@pytest.fixture
def ana(place: Place) -> Directory:
    place.directory.add_identity("ana", Kind.PERSON, shown="Ana Ruiz", by=BOSS)
    return place.directory


COST = (passwords.ROUNDS, passwords.MEMORY)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes that cost little, for tests that are not about their cost."""
    monkeypatch.setattr(passwords, "ROUNDS", 1)
    monkeypatch.setattr(passwords, "MEMORY", 64)
    for one in (passwords._hasher, passwords._nobody):
        one.cache_clear()
    yield
    for one in (passwords._hasher, passwords._nobody):
        one.cache_clear()


def test_who_shows_a_key_is_known_with_their_grants_and_workspace(
    place: Place, ana: Directory
) -> None:
    ana.grant("ana", HUMAN, by=BOSS)
    ana.grant("ana", Grant(role=Role.AUDITOR), by=BOSS)
    text = ana.make_token("ana", label="laptop", by=BOSS)
    found = place.who(text)
    assert found.workspace == place.store.workspace
    assert (found.identity.id, found.identity.kind) == ("ana", Kind.PERSON)
    assert found.identity == ana.identity("ana")
    assert set(found.grants) == {HUMAN, Grant(role=Role.AUDITOR)}
    assert (found.token.label, found.token.kind, found.token.expires) == ("laptop", "key", 0)
    assert ana.tokens("ana") == [found.token] == ana.tokens()


def test_a_key_without_grants_is_somebody_who_may_do_nothing(place: Place, ana: Directory) -> None:
    assert place.who(ana.make_token("ana")).grants == ()


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(place: Place, ana: Directory) -> None:
    ana.add_identity("bob")
    good, gone, late, off = (ana.make_token("ana", label=str(n)) for n in range(4))
    off = ana.make_token("bob")
    late = ana.make_token("ana", expires=place.now + HOUR)
    ana.revoke(gone.split("_")[1])
    ana.disable("bob")
    place.now += HOUR
    _, token, secret = good.split("_")
    other = ("0" if secret[0] != "0" else "1") + secret[1:]
    wrong = [
        gone,
        late,
        off,
        f"hr_{token}_{other}",
        f"hr_{'0' * 16}_{secret}",
        f"hr_{token}_{secret[:-1]}",
        f"hr_{token.upper()}_{secret}",
        good + "\n",
        " " + good,
        "hr_" + "\x00" * 16,
        "\ud800",
        "",
        "x" * 100_000,
    ]
    assert {place.refused(one) for one in wrong} == {
        "this key is not valid; show one that is neither expired nor revoked"
    }
    assert place.who(good).identity.id == "ana"


def test_the_hash_of_a_key_is_no_key(place: Place, ana: Directory) -> None:
    text = ana.make_token("ana")
    with ana._seeing() as unit:
        [(kept,)] = unit.ask("select hash from tokens where workspace = ?")
    assert len(kept) == 64
    assert text.split("_")[2] != kept
    place.refused(f"hr_{text.split('_')[1]}_{kept}")


def test_two_keys_are_valid_while_one_takes_the_place_of_the_other(
    place: Place, ana: Directory
) -> None:
    old = ana.make_token("ana", label="bot")
    name = old.split("_")[1]
    new = ana.rotate(name, HOUR, by=BOSS)
    assert place.who(new).token.label == "bot"
    place.now += HOUR - 1
    assert place.who(old).token.id == name
    with pytest.raises(Conflict, match="was replaced, revoked or has expired"):
        ana.rotate(name)
    place.now += 1
    place.refused(old)
    assert place.who(new).token.expires == 0
    again = ana.rotate(new.split("_")[1], 0)
    place.refused(new)
    assert place.who(again)
    assert place.names().count("key_rotated") == 2


def test_a_key_that_expires_is_replaced_by_one_that_lasts_as_long(
    place: Place, ana: Directory
) -> None:
    old = ana.make_token("ana", expires=place.now + 30 * DAY)
    place.now += 29 * DAY
    new = ana.rotate(old.split("_")[1], 7 * DAY)
    assert place.who(new).token.expires == place.now + 30 * DAY
    place.now += DAY
    place.refused(old)  # its own end comes before that of the overlap


def test_a_key_that_is_being_replaced_can_be_revoked_at_once(place: Place, ana: Directory) -> None:
    old = ana.make_token("ana")
    ana.rotate(old.split("_")[1], DAY)
    assert place.who(old)
    ana.revoke(old.split("_")[1])
    place.refused(old)


def test_who_is_disabled_is_refused_and_their_sessions_end_for_good(
    place: Place, ana: Directory
) -> None:
    key = ana.make_token("ana")
    session = ana.make_token("ana", TokenKind.SESSION, expires=place.now + HOUR)
    assert place.who(session).token.kind is TokenKind.SESSION
    ana.disable("ana", by=BOSS)
    place.refused(key)
    place.refused(session)
    with pytest.raises(Refused, match="`ana` is disabled"):
        ana.make_token("ana")
    ana.enable("ana", by=BOSS)
    assert place.who(key)
    place.refused(session)


def test_sessions_are_of_people_end_by_themselves_and_are_forgotten(
    place: Place, ana: Directory
) -> None:
    ana.add_identity("bot", Kind.PROGRAM)
    for name, expires in (("ana", 0), ("bot", place.now + HOUR)):
        with pytest.raises(InputError, match="a session is of a person, and expires"):
            ana.make_token(name, TokenKind.SESSION, expires=expires)
    text = ana.make_token("ana", TokenKind.SESSION, expires=place.now + HOUR)
    with pytest.raises(InputError, match="is a session"):
        ana.rotate(text.split("_")[1])
    assert ana.tokens() == []
    assert len(ana.tokens("ana", TokenKind.SESSION)) == 1
    place.now += HOUR
    place.refused(text)
    place.now += 31 * DAY
    ana.make_token("ana", TokenKind.SESSION, expires=place.now + HOUR)
    assert len(ana.tokens("ana", TokenKind.SESSION)) == 1


def test_a_grant_is_given_once_and_taken_back_exactly(place: Place, ana: Directory) -> None:
    ana.grant("ana", HUMAN, by=BOSS)
    ana.grant("ana", HUMAN, by=BOSS)
    assert ana.grants("ana") == (HUMAN,)
    with pytest.raises(NotFound, match="was not granted human like that"):
        ana.ungrant("ana", Grant(role=Role.HUMAN))
    ana.ungrant("ana", HUMAN, by=BOSS)
    assert ana.grants("ana") == ()
    assert place.book()[1:] == [
        ("granted", "human:boss", {"identity": "ana", "role": "human", "queue": "tier-2"}),
        ("ungranted", "human:boss", {"identity": "ana", "role": "human", "queue": "tier-2"}),
    ]


def test_a_program_is_no_reviewer_and_a_person_no_ai(ana: Directory) -> None:
    ana.add_identity("bot", Kind.PROGRAM)
    for name, role in (("bot", Role.BOARD), ("bot", Role.HUMAN), ("ana", Role.AGENT)):
        with pytest.raises(InputError, match=f"`{name}` is a .* and cannot be {role}"):
            ana.grant(name, Grant(role=role))
    for bad in ("", "x" * 201, "a\x00b", "\ud800"):
        with pytest.raises(InputError, match="a grant names"):
            ana.grant("ana", Grant(role=Role.HUMAN, queue=bad))


def test_nobody_locks_everybody_out(ana: Directory) -> None:
    ana.grant("ana", ADMIN)
    with pytest.raises(Refused, match="nobody would be left"):
        ana.ungrant("ana", ADMIN)
    with pytest.raises(Refused, match="nobody would be left"):
        ana.disable("ana")
    assert ana.grants("ana") == (ADMIN,)
    assert not ana.identity("ana").disabled
    ana.add_identity("bob")
    ana.grant("bob", ADMIN)
    ana.disable("ana")
    with pytest.raises(Refused, match="nobody would be left"):
        ana.disable("bob")


def test_a_first_administrator_is_made_once(place: Place) -> None:
    text = first_admin(place.store, "admin")
    assert place.who(text).grants == (ADMIN,)
    assert first_admin(place.store, "admin") == ""
    assert [one.id for one in place.directory.identities()] == ["admin"]
    assert place.names() == ["identity_added", "granted", "key_created"]


def test_of_many_who_start_first_one_makes_the_administrator(place: Place) -> None:
    made: list[str] = []
    gate = threading.Barrier(4)

    def start() -> None:
        gate.wait()
        made.append(first_admin(place.store, "admin"))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(bool(one) for one in made) == [False, False, False, True]


def test_a_lost_key_is_recovered_and_nothing_is_revoked_unless_asked(place: Place) -> None:
    first = first_admin(place.store, "admin")
    second = place.directory.recover()
    assert place.who(first).identity == place.who(second).identity
    third = place.directory.recover(revoke=True)
    place.refused(first)
    place.refused(second)
    assert place.who(third)
    recovered = [body for name, _, body in place.book() if name == "admin_recovered"]
    assert recovered == [
        {"identity": "admin", "revoked": False},
        {"identity": "admin", "revoked": True},
    ]


def test_whoever_is_named_is_an_administrator_after_a_recovery(
    place: Place, ana: Directory
) -> None:
    ana.disable("ana")
    assert place.who(ana.recover("ana")).grants == (ADMIN,)
    assert place.who(ana.recover("new@example.com")).grants == (ADMIN,)


def test_workspaces_do_not_see_one_another(place: Place, ana: Directory) -> None:
    text = ana.make_token("ana")
    token = text.split("_")[1]
    other = Directory(place.store.within(f"{place.store.workspace}-b", lambda: place.now))
    assert other.identities() == other.tokens() == []
    attempts: list[Callable[[], object]] = [
        lambda: other.identity("ana"),
        lambda: other.token(token),
        lambda: other.revoke(token),
        lambda: other.rotate(token),
        lambda: other.disable("ana"),
        lambda: other.grant("ana", ADMIN),
        lambda: other.make_token("ana"),
        lambda: other.set_password("ana", PASSWORD),
    ]
    for one in attempts:
        with pytest.raises(NotFound):
            one()
    other.add_identity("ana")
    other.grant("ana", ADMIN)
    assert place.who(text).grants == ()
    assert place.who(text).workspace == place.store.workspace


@pytest.mark.parametrize("name", ["", "\x00", "a\x00", "\ud800", "a b", "@x", "-x", "x" * 129])
def test_an_id_that_is_none_is_nobody(name: str, ana: Directory) -> None:
    with pytest.raises(InputError, match="cannot be the id of anybody"):
        ana.add_identity(name)
    with pytest.raises(NotFound):
        ana.identity(name)
    with pytest.raises(NotFound):
        ana.token(name)


def test_an_id_is_taken_once(ana: Directory) -> None:
    with pytest.raises(Conflict, match="`ana` is there already"):
        ana.add_identity("ana", Kind.PROGRAM)


def test_who_an_openid_provider_names_is_who_was_bound_to_that(
    place: Place, ana: Directory
) -> None:
    issuer, other = "https://id.example.com", "https://other.example.com"
    assert ana.by_subject(issuer, "123") is None
    ana.set_subject("ana", issuer, "123", by=BOSS)
    ana.set_subject("ana", issuer, "123", by=BOSS)
    found = ana.by_subject(issuer, "123")
    assert found is not None
    assert found.id == "ana"
    ana.add_identity("bob")
    with pytest.raises(Conflict, match="`ana` has this subject"):
        ana.set_subject("bob", issuer, "123")
    ana.set_subject("bob", other, "123")
    ana.add_identity("bot", Kind.PROGRAM)
    with pytest.raises(InputError, match="only people sign in"):
        ana.set_subject("bot", issuer, "7")
    for wrong in ("", "https://id.example.com 1"):
        with pytest.raises(InputError, match="an issuer without spaces"):
            ana.set_subject("ana", wrong, "123")
    assert "123" not in str(place.book())
    assert place.names().count("subject_set") == 3
    ana.disable("ana")
    assert ana.by_subject(issuer, "123") is None
    ana.enable("ana")
    ana.set_subject("ana", "", "")
    for nobody in ("123", "", "\x00", "\ud800"):
        assert ana.by_subject(issuer, nobody) is None
    assert ana.by_subject("", "") is None


def test_a_password_is_right_or_not(ana: Directory) -> None:
    ana.set_password("ana", PASSWORD, by=BOSS)
    assert ana.check_password("ana", PASSWORD).id == "ana"
    ana.add_identity("bob")
    ana.add_identity("eve")
    ana.set_password("eve", PASSWORD)
    ana.disable("eve")
    said = set()
    for name, password in (
        ("ana", PASSWORD + "."),
        ("ana", ""),
        ("bob", PASSWORD),
        ("bob", ""),
        ("eve", PASSWORD),
        ("nobody", PASSWORD),
        ("\x00\ud800", "\ud800"),
        ("ana", "x" * 1_000_000),
    ):
        with pytest.raises(Unauthenticated) as problem:
            ana.check_password(name, password)
        said.add(str(problem.value))
    assert said == {"the name or the password is wrong"}


def test_a_password_is_the_same_however_a_keyboard_makes_it(ana: Directory) -> None:
    ana.set_password("ana", "caf\u00e9 am fr\u00fchen morgen")
    assert ana.check_password("ana", "cafe\u0301 am fru\u0308hen morgen")


def test_a_password_is_long_enough_and_of_a_person(ana: Directory) -> None:
    ana.add_identity("bot", Kind.PROGRAM)
    for bad in ("short", "x" * 11, "x" * 201):
        with pytest.raises(InputError, match="12 to 200 characters") as problem:
            ana.set_password("ana", bad)
        assert bad not in str(problem.value)
    with pytest.raises(InputError, match="`bot` is a program"):
        ana.set_password("bot", PASSWORD)


def test_a_new_password_ends_the_sessions_and_the_old_password(
    place: Place, ana: Directory
) -> None:
    ana.set_password("ana", PASSWORD)
    session = ana.make_token("ana", TokenKind.SESSION, expires=place.now + HOUR)
    ana.set_password("ana", PASSWORD[::-1])
    place.refused(session)
    with pytest.raises(Unauthenticated):
        ana.check_password("ana", PASSWORD)
    assert ana.check_password("ana", PASSWORD[::-1])
    ana.set_password("ana", "")
    with pytest.raises(Unauthenticated):
        ana.check_password("ana", PASSWORD[::-1])


def tried(ana: Directory, name: str, password: str) -> str:
    try:
        return ana.check_password(name, password).id
    except Unauthenticated as problem:
        return str(problem)


@pytest.mark.parametrize("name", ["ana", "nobody"])
def test_after_too_many_tries_a_name_is_locked_for_a_minute_known_or_not(
    name: str, place: Place, ana: Directory
) -> None:
    ana.set_password("ana", PASSWORD)
    said = [tried(ana, name, "not this one") for _ in range(passwords.TRIES)]
    assert set(said) == {"the name or the password is wrong"}
    locked = "too many wrong passwords for this name; wait 60 seconds, and try again"
    assert tried(ana, name, PASSWORD) == locked  # not even the right one is looked at
    place.now += passwords.LOCKED
    assert tried(ana, name, "not this one") == "the name or the password is wrong"
    assert tried(ana, name, "not this one") == locked
    place.now += passwords.LOCKED
    if name == "ana":
        assert tried(ana, name, PASSWORD) == "ana"
        said = [tried(ana, name, "not this one") for _ in range(passwords.TRIES)]
        assert set(said) == {"the name or the password is wrong"}
    assert place.names().count("password_locked") == (2 if name == "ana" else 0)
    assert "nobody" not in str(place.book())


def test_tries_are_forgotten_after_a_while_and_when_the_password_is_set(
    place: Place, ana: Directory
) -> None:
    ana.set_password("ana", PASSWORD)
    for _ in range(passwords.TRIES):
        tried(ana, "ana", "not this one")
    ana.set_password("ana", PASSWORD)
    assert tried(ana, "ana", PASSWORD) == "ana"
    for n in range(50):
        tried(ana, f"guess{n}", "not this one")
    place.now += passwords.WINDOW + 1
    tried(ana, "ana", "not this one")
    with ana._seeing() as unit:
        assert unit.ask("select count(*) from cursors where workspace = ?") in ([(1,)], [[1]])


def test_many_tries_at_once_are_no_more_than_one_by_one(
    ana: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.set_password("ana", PASSWORD)
    looked: list[int] = []
    right = passwords._right

    def counted(kept: str, password: str) -> bool:
        looked.append(1)
        return right(kept, password)

    monkeypatch.setattr(passwords, "_right", counted)
    gate = threading.Barrier(12)

    def go() -> None:
        gate.wait()
        tried(ana, "ana", "not this one")

    threads = [threading.Thread(target=go) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(looked) == passwords.TRIES


def test_who_is_not_there_costs_the_hash_that_who_is_costs(
    ana: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", COST[0])
    monkeypatch.setattr(passwords, "MEMORY", COST[1])
    ana.set_password("ana", PASSWORD)
    ana.add_identity("bob")
    costs: dict[str, list[str]] = {}
    right = passwords._right
    for name in ("ana", "bob", "nobody"):
        seen = costs.setdefault(name, [])
        monkeypatch.setattr(
            passwords,
            "_right",
            lambda kept, given, seen=seen: (
                seen.append(kept.rpartition("$")[0].rpartition("$")[0]) or right(kept, given)
            ),
        )
        assert tried(ana, name, "not this one") == "the name or the password is wrong"
    assert costs["ana"] == costs["bob"] == costs["nobody"] == ["$argon2id$v=19$m=65536,t=3,p=4"]


def test_a_hash_of_weaker_times_is_made_anew_at_the_next_sign_in(
    ana: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.set_password("ana", PASSWORD)
    monkeypatch.setattr(passwords, "ROUNDS", 2)
    passwords._hasher.cache_clear()
    assert ana.check_password("ana", PASSWORD)
    with ana._seeing() as unit:
        [(kept,)] = unit.ask("select password from identities where workspace = ?")
    assert ",t=2," in kept
    assert ana.check_password("ana", PASSWORD)


def test_no_secret_is_in_the_ledger_in_errors_in_logs_or_in_what_is_shown(
    place: Place, ana: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    errors: list[str] = []
    ana.set_password("ana", PASSWORD)
    texts = [ana.make_token("ana", label="laptop")]
    texts.append(ana.rotate(texts[0].split("_")[1]))
    texts.append(ana.recover("ana"))
    session = ana.make_token("ana", TokenKind.SESSION, expires=place.now + HOUR)
    texts.append(session)
    for n in range(passwords.TRIES + 1):
        errors.append(tried(ana, "ana", f"{PASSWORD}{n}"))
    for text in texts:
        ana.revoke(text.split("_")[1])
        errors.append(place.refused(text))
    with pytest.raises(HandrailError) as problem:
        ana.token(session)
    errors.append(repr(problem.value))
    with ana._seeing() as unit:
        hashes = [row[0] for row in unit.ask("select hash from tokens where workspace = ?")]
        hashes += [
            row[0] for row in unit.ask("select password from identities where workspace = ?")
        ]
        kept = unit.ask("select body from cases where workspace = ?")
    shown = [str(place.book()), str(errors), caplog.text, repr(ana.tokens()), repr(kept)]
    shown += [repr(ana.identities()), repr(ana.tokens("ana", TokenKind.SESSION))]
    secrets = [PASSWORD, "Ana Ruiz", "laptop", *hashes, *(text.split("_")[2] for text in texts)]
    for said in shown[:3]:
        assert not [one for one in secrets if one in said]
    for said in shown[3:]:
        assert not [one for one in secrets if one in said and one not in {"Ana Ruiz", "laptop"}]
    assert "hash" not in {one.name for one in fields(Token)}


def test_the_books_of_who_may_do_what_are_chained_and_verified(
    place: Place, ana: Directory
) -> None:
    ana.grant("ana", ADMIN, by=BOSS)
    ana.make_token("ana", by=BOSS)
    with place.store.view() as unit:
        found = books.read(unit, books.ACCESS)
    assert [one.number for one in found] == [1, 2, 3]
    assert {one.actor for one in found} == {"human:boss"}


def test_a_gate_asks_the_store_once_and_sees_what_this_process_changes(
    place: Place, ana: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = Tokens.authenticate

    def counted(store: SqlStore, text: str) -> Principal:
        asked.append(text)
        return ask(store, text)

    monkeypatch.setattr(Tokens, "authenticate", counted)
    gate = Gate(place.store, fresh=60)
    text = ana.make_token("ana", expires=place.now + HOUR)
    first = gate.authenticate(text)
    assert gate.authenticate(text) is first
    assert asked == [text]
    ana.grant("ana", HUMAN)
    assert gate.authenticate(text).grants == (HUMAN,)
    assert len(asked) == 2
    ana.revoke(ana.make_token("ana").split("_")[1])
    place.now += HOUR
    with pytest.raises(Unauthenticated):
        gate.authenticate(text)
    other = ana.make_token("ana")
    assert gate.authenticate(other)
    ana.revoke(other.split("_")[1])
    for wrong in (other, "hr_x", "\ud800"):
        with pytest.raises(Unauthenticated):
            gate.authenticate(wrong)
    assert not [one for one in (text, other) if one in repr(vars(gate))]


def test_what_another_process_has_revoked_a_gate_refuses_when_its_time_is_up(
    place: Place, ana: Directory
) -> None:
    text = ana.make_token("ana")
    lasting, brief = Gate(place.store, fresh=60), Gate(place.store, fresh=0)
    assert lasting.authenticate(text) == brief.authenticate(text)
    with place.store.unit() as made:  # as if it had been elsewhere
        cast("SqlUnit", made).ask("update tokens set revoked = 1 where workspace = ?")
    assert lasting.authenticate(text)
    with pytest.raises(Unauthenticated):
        brief.authenticate(text)


def test_of_a_workspace_that_was_made_up_nothing_is_kept(place: Place) -> None:
    for _ in range(passwords.TRIES + 2):
        said = tried(place.directory, "ana", "not this one")
        assert said == "the name or the password is wrong"
    with place.directory._seeing() as unit:
        for table in ("cursors", "identities", "cases"):
            assert not unit.ask(f"select 1 from {table} where workspace = ?")  # noqa: S608
