"""What is malformed is reported with file and line and left out; nothing else is ever raised."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import importers
from handrail.errors import InputError
from handrail.importers import Conversation, Problem, stream, turns, whole

GOOD = b'{"id": "x", "turns": [{"role": "user", "text": "hi"}]}'


def read(path: Path, name: str | None = None) -> tuple[list[Conversation], list[Problem]]:
    problems: list[Problem] = []
    return list(importers.read([path], name, on_problem=problems.append)), problems


BAD_LINES: dict[bytes, str] = {
    b"{": "not JSON",
    b'{"turns": []}': "`turns` is empty",
    b'{"turns": 3}': "must be a list",
    b'"just a text"': "must be an object",
    b"[1]": "must be an object",
    b'{"id": "no turns"}': "no `turns`",
    b'{"turns": [{"text": "hi"}]}': "turn 0: `role` is missing",
    b'{"turns": [{"role": "boss"}]}': "unknown role `boss`",
    b'{"turns": [{"role": ["user"]}]}': "unknown role `a list`",
    b'{"turns": [{"role": "user", "text": 5}]}': "`text` must be a text",
    b'{"turns": [{"role": "user", "at": "soon"}]}': "`at` must be a number",
    b'{"turns": [{"role": "user", "at": 1e300}]}': "not a time",
    b'{"turns": [{"role": "user", "events": ["dance"]}]}': "unknown event `dance`",
    b'{"turns": [{"role": "tool", "tool_error": "yes"}]}': "true or false",
    b'{"turns": [{"role": "assistant", "tool_calls": [{}]}]}': "no name",
    b'{"turns": [{"role": "user"}], "gold": {"turn": -1}}': "whole number",
    b'{"turns": [{"role": "user"}], "gold": {"handoff": "no"}}': "true or false",
    b'{"turns": [{"role": "user"}], "kind": "dance"}': "`kind` `dance`",
    b'{"turns": [{"role": "user"}], "attributes": {"a": 1}}': "attributes",
    b'{"turns": [{"role": "user", "text": "\xff\xfe"}]}': "UTF-8",
    b'{"turns": [{"role": "user", "text": "\\ud800"}]}': "not JSON",
    b'{"turns": ' + b"[" * 2000 + b"]" * 2000 + b"}": "not JSON",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_is_reported_where_it_stands_and_the_rest_is_read(
    tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"\n\n" + line + b"\n" + GOOD + b"\n")
    found, problems = read(path)
    assert [one.line for one in found] == [1, 4]
    assert [(one.file, one.line) for one in problems] == [(str(path), 3)]
    assert BAD_LINES[line] in problems[0].message
    assert str(problems[0]).startswith(f"{path}:3 - ")


def test_strict_stops_at_the_first_bad_line_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"\nnonsense\n" + GOOD)
    reading = importers.read([path], strict=True)
    assert next(reading).id == "x"
    with pytest.raises(InputError, match=r"a\.jsonl:2") as caught:
        next(reading)
    assert caught.value.line == 2


def test_deep_arguments_of_a_tool_are_a_problem(tmp_path: Path) -> None:
    deep = b"[" * 400 + b"]" * 400
    path = tmp_path / "a.jsonl"
    call = b'{"turns": [{"role": "assistant", "tool_calls": [{"name": "f", "args": %b}]}]}' % deep
    path.write_bytes(call)
    _, problems = read(path)
    assert "nested too deeply" in problems[0].message


def test_a_gzip_file_that_is_cut_off_gives_what_it_holds_and_a_problem(tmp_path: Path) -> None:
    lines = [b'{"id": "%d", "turns": [{"role": "user", "text": "%d"}]}' % (n, n * 7919)
             for n in range(3000)]  # fmt: skip
    packed = gzip.compress(b"\n".join(lines))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    found, problems = read(path)
    assert found
    assert [one.message for one in problems] == [
        "the gzip file is cut off here; the rest is missing"
    ]
    assert problems[0].line == len(found) + 1


def test_a_damaged_gzip_file_is_a_problem(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(GOOD * 200))
    packed[20:30] = bytes(10)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(packed)
    assert any("gzip" in one.message or "JSON" in one.message for one in read(path)[1])


def test_a_line_over_the_limit_is_skipped_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_LINE", 1000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"\n" + b"x" * 5000 + b"\n" + GOOD + b"\n" + b"y" * 1001)
    found, problems = read(path)
    assert [one.line for one in found] == [1, 3]
    assert [one.line for one in problems] == [2, 4]
    assert "longer than" in problems[0].message


def test_an_element_over_the_limit_ends_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MAX_LINE", 1000)
    monkeypatch.setattr(whole, "_CHUNK", 64)
    path = tmp_path / "a.json"
    path.write_bytes(b"[" + GOOD + b',\n["' + b"x" * 5000 + b'"]]')
    found, problems = read(path)
    assert len(found) == 1
    assert [one.line for one in problems] == [2]
    assert "longer than" in problems[0].message


@pytest.mark.parametrize(
    "content", [b"[", b"[1", b"[1,", b"[1,]", b"{", b'{"a"', b'{"a":', b"{1:2}", b"[}", b"nul",
                b'{"a":1', b"[" * 100_000, b'["\xff"]', b'{"simulations": [', b"]"]
)  # fmt: skip
def test_a_json_file_that_breaks_off_is_a_problem(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    found, problems = read(path)
    assert found == []
    assert problems


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt"])
def test_an_empty_file_is_a_problem_of_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\n")
    found, problems = read(tmp_path / name)
    assert found == []
    assert [one.line for one in problems] == [0]


def test_a_document_of_no_known_format_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n' + GOOD)
    found, problems = read(path)
    assert len(found) == 1
    assert "no format that is known" in problems[0].message


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_how_a_file_is_cut_into_chunks_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    values = [12345, -1.5e10, 'é\n\\"', None, {"a": [1, {"b": []}]}, [], True]
    text = json.dumps(values, ensure_ascii=False, indent=1) + json.dumps({"simulations": values})
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    monkeypatch.setattr(whole, "_CHUNK", chunk)
    found = [one for one in stream.documents(path) if isinstance(one, stream.Document)]
    assert [one.value for one in found] == values * 2


KEYS = [
    "turns", "role", "text", "gold", "group", "events", "tool_calls", "name", "args",
    "function", "arguments", "messages", "value", "content", "metadata", "id", "traj",
    "task_id", "reward", "info", "task", "actions", "reward_info", "sender_id", "event",
    "trial", "timestamp", "parse_data", "intent", "confidence", "start", "at", "kind",
    "attributes", "handoff", "turn", "error", "topics", "simulations", "tasks", "tool_call_id",
    "function_call", "logprobs",
]  # fmt: skip

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS) | st.text(max_size=4),
            inner
            | st.sampled_from(["user", "assistant", "tool", "bot", "action", "slot", "system"]),
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(content=st.binary(max_size=300), ending=st.sampled_from([".jsonl", ".json", ".txt"]))
def test_no_bytes_raise_anything(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz{ending}"
    for prefix in (b"", b"\x1f\x8b", b"[", b'{"turns": ['):
        path.write_bytes(prefix + content)
        found, problems = read(path)
        assert found or problems or not (prefix + content).strip(b"\xef\xbb\xbf \t\r\n[]")


@given(
    value=json_values,
    name=st.sampled_from([None, *importers.FORMATS]),
    wrap=st.sampled_from([
        lambda v: v,
        lambda v: {"turns": v if isinstance(v, list) else [v]},
        lambda v: {"turns": [{"role": "user", "at": v, "events": v}], "gold": v},
        lambda v: {"turns": [{"role": "tool", "tool_calls": v, "topics": v, "logprobs": v}]},
        lambda v: {"messages": [{"role": "user", "content": v}]},
        lambda v: {"messages": [{"role": "assistant", "tool_calls": v, "logprobs": v}]},
        lambda v: {"messages": v if isinstance(v, list) else [v], "metadata": v, "id": v},
        lambda v: {"traj": [{"role": "tool", "content": v, "error": v}], "info": v, "reward": v},
        lambda v: {"tasks": v, "simulations": [{"task_id": 1, "messages": v, "reward_info": v}]},
        lambda v: {"sender_id": v, "events": v if isinstance(v, list) else [v]},
        lambda v: {"sender_id": "a", "events": [{"event": "user", "parse_data": v}]},
    ]),
)  # fmt: skip
def test_no_json_raises_anything(
    tmp_path_factory: pytest.TempPathFactory,
    value: object,
    name: str | None,
    wrap: Callable[[object], object],
) -> None:
    text = json.dumps(wrap(value))
    for ending in (".jsonl", ".json"):
        path = tmp_path_factory.getbasetemp() / f"fuzz-json{ending}"
        path.write_text(text, "utf-8")
        conversations, problems = read(path, name)
        assert conversations or problems or "[]" in text  # nothing is passed over in silence
        for found in conversations:
            orjson.dumps([found.id, found.tier, found.title, [turn.text for turn in found.turns]])


def test_turns_from_a_pipe_are_json_or_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    path.write_bytes(
        b'\xef\xbb\xbf{"role": "customer", "text": "hi"}\n\nagent: hello: you\r\nTool: x\n'
    )
    with path.open("rb") as pipe:
        found = [(turn.role.value, turn.text) for turn in turns.lines(pipe, "the pipe")]
    assert found == [("customer", "hi"), ("agent", "hello: you"), ("tool", "x")]


@pytest.mark.parametrize("line", [b"nonsense", b"{", b'{"role": "x"}', b"boss: hi", b"\xff: hi"])
def test_a_bad_line_from_a_pipe_is_an_input_error_with_its_line(
    tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "pipe"
    path.write_bytes(b"customer: hi\n" + line)
    with path.open("rb") as pipe, pytest.raises(InputError, match=r"the pipe:2") as caught:
        list(turns.lines(pipe, "the pipe"))
    assert caught.value.hint
