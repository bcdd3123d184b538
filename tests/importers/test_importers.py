"""Transcripts in, conversations out: each format by a small file written here, and no guessing."""

import gzip
import json
from pathlib import Path

import pytest

from handrail import importers, samples
from handrail.core.model import Event, Role
from handrail.errors import InputError
from handrail.importers import Conversation, Problem


def read(path: Path, name: str | None = None) -> tuple[list[Conversation], list[Problem]]:
    problems: list[Problem] = []
    return list(importers.read([path], name, on_problem=problems.append)), problems


def put(folder: Path, name: str, *documents: object) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(item) + "\n" for item in documents), "utf-8")
    return path


UNIFORM = {
    "id": "u1",
    "group": "g",
    "workflow": "support",
    "tier": "vip",
    "stage": "open",
    "lang": "es",
    "kind": "conversation",
    "attributes": {"order": {"amount": 20}},
    "start": "2025-03-01T12:00:00Z",
    "turns": [
        {"role": "user", "text": "hola", "at": 0, "events": ["human_requested"]},
        {"role": "assistant", "text": "", "tool_calls": [{"name": "find", "args": {"a": 1}}],
         "confidence": 0.7, "logprobs": [-0.1, -0.2], "at": 1.5},
        {"role": "tool", "text": "no", "tool_error": True, "tool_name": "find"},
        {"role": "user", "text": "", "user_tool_calls": [{"name": "reboot", "args": {}}]},
        {"role": "human", "text": "soy Eva", "topics": ["billing"], "sentiment": 0.2},
    ],
    "gold": {"handoff": True, "turn": 2, "would_fail": False, "agent_handoff": True,
             "agent_handoff_turn": 4, "trigger": "tool_failure"},
}  # fmt: skip


def test_a_uniform_line_becomes_a_conversation_with_its_truth(tmp_path: Path) -> None:
    (found,), problems = read(put(tmp_path, "a.jsonl", UNIFORM))
    assert problems == []
    assert (found.id, found.workflow, found.tier, found.stage) == ("u1", "support", "vip", "open")
    assert (found.language, found.line, found.attributes) == ("es", 1, {"order": {"amount": 20}})
    roles = [Role.CUSTOMER, Role.AGENT, Role.TOOL, Role.OPS, Role.HUMAN]
    assert [turn.role for turn in found.turns] == roles
    first, second, third, _, last = found.turns
    assert first.events == (Event.HUMAN_REQUESTED,)
    assert first.at is not None
    assert second.at == first.at + 1500
    assert (second.tool_calls[0].name, second.tool_calls[0].args) == ("find", '{"a":1}')
    assert (second.confidence, second.logprobs) == (0.7, (-0.1, -0.2))
    assert (third.tool, third.error) == ("find", True)
    assert (last.topics, last.sentiment) == (("billing",), 0.2)
    truth = found.truth
    assert truth is not None
    assert (truth.should_handoff, truth.turn, truth.group) == (True, 2, "g")
    assert (truth.agent_handoff, truth.agent_handoff_turn, truth.would_fail) == (True, 4, False)
    assert truth.trigger == "tool_failure"


def test_without_a_truth_the_recorded_transfer_is_read_from_the_turns(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "text": "hi"},
        {"role": "assistant", "text": "", "tool_calls": [
            {"name": "transfer_to_human_agents", "args": {}}]},
    ]  # fmt: skip
    (found,), _ = read(put(tmp_path, "a.jsonl", {"turns": turns}))
    assert found.truth is not None
    assert (found.truth.agent_handoff, found.truth.agent_handoff_turn) == (True, 1)
    assert found.truth.should_handoff is None
    assert found.id.endswith("a.jsonl:1")


def test_results_without_a_name_are_named_after_the_calls_in_their_order(tmp_path: Path) -> None:
    turns = [
        {"role": "tool", "text": "nobody called"},
        {"role": "assistant", "text": "", "tool_calls": [
            {"name": name, "args": {}} for name in ("one", "two", "three")]},
        {"role": "tool", "text": "1"},
        {"role": "tool", "text": "mine", "requestor": "user"},
        {"role": "tool", "text": "3", "tool_name": "three"},
        {"role": "tool", "text": "2"},
        {"role": "tool", "text": "too many"},
    ]  # fmt: skip
    (found,), _ = read(put(tmp_path, "a.jsonl", {"turns": turns}))
    assert [turn.tool for turn in found.turns] == ["", "", "one", "", "three", "two", ""]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("transfer_to_human_agents", True),
        ("escalate_to_human", True),
        ("action_human_handoff", True),
        ("handoff", True),
        ("connect_with_representative", True),
        ("transfer_file", False),
        ("transfer_money", False),
        ("find_agent_fee", False),
        ("escalate_priority", False),
    ],
)
def test_a_transfer_tool_is_told_from_other_transfers(name: str, expected: bool) -> None:
    assert importers.base.is_transfer(name) is expected


OPENAI = {
    "id": "chat-1",
    "metadata": {"tier": "vip", "workflow": "support", "language": "en"},
    "messages": [
        {"role": "system", "content": "You are kind."},
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [
            {"type": "text", "text": "two"},
            {"type": "image_url", "image_url": {"url": "x"}},
            {"type": "text", "text": "parts"}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
        {"role": "assistant", "content": None, "function_call": {"name": "old", "arguments": "{}"}},
        {"role": "function", "name": "old", "content": "done"},
        {"role": "assistant", "content": None, "refusal": "I may not say",
         "logprobs": {"content": [{"token": "I", "logprob": -0.5}]}},
    ],
}  # fmt: skip


def test_an_openai_chat_becomes_turns_and_instructions_do_not(tmp_path: Path) -> None:
    (found,), problems = read(put(tmp_path, "a.jsonl", OPENAI))
    assert problems == []
    assert (found.id, found.tier, found.workflow) == ("chat-1", "vip", "support")
    told = [(turn.role.value, turn.text, turn.tool) for turn in found.turns]
    assert told == [
        ("customer", "two\nparts", ""),
        ("agent", "", ""),
        ("tool", "found", "find"),
        ("agent", "", ""),
        ("tool", "done", "old"),
        ("agent", "I may not say", ""),
    ]
    assert found.turns[1].tool_calls[0].name == "find"
    assert found.turns[3].tool_calls[0].name == "old"
    assert found.turns[5].logprobs == (-0.5,)


def test_a_bare_list_of_messages_on_a_line_is_a_chat(tmp_path: Path) -> None:
    (found,), problems = read(put(tmp_path, "a.jsonl", OPENAI["messages"]))
    assert problems == []
    assert len(found.turns) == 6


TAU = {
    "task_id": 3,
    "trial": 1,
    "reward": 0.0,
    "info": {"task": {"actions": [{"name": "transfer_to_human_agents", "kwargs": {}}]}},
    "traj": [
        {"role": "system", "content": "policy"},
        {"role": "user", "content": "help"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "x", "function": {"name": "look", "arguments": '{"id": 1}'}}]},
        {"role": "tool", "tool_call_id": "x", "name": "look", "content": "Error: no such id"},
        {"role": "user", "content": "###STOP###"},
    ],
}  # fmt: skip


def test_a_tau_bench_file_is_read_with_the_truth_of_its_tasks(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps([TAU, {**TAU, "trial": 2, "reward": 1.0}], indent=1), "utf-8")
    found, problems = read(path)
    assert problems == []
    assert [one.id for one in found] == ["3/1", "3/2"]
    truths = [one.truth for one in found]
    assert [truth.would_fail for truth in truths if truth] == [True, False]
    assert all(truth and truth.should_handoff and not truth.agent_handoff for truth in truths)
    assert [turn.role for turn in found[0].turns] == [Role.CUSTOMER, Role.AGENT, Role.TOOL]
    assert found[0].turns[2].error is True


TAU2 = {
    "info": {"domain": "x"},
    "tasks": [
        {"id": "t1", "evaluation_criteria": {"actions": [
            {"name": "transfer_to_human_agents", "arguments": {}}]}},
        {"id": "t2", "evaluation_criteria": {"actions": []}},
    ],
    "simulations": [
        {"id": f"s{number}", "task_id": f"t{number}", "trial": 0,
         "reward_info": {"reward": 1.0}, "termination_reason": "user_stop",
         "messages": [
            {"role": "user", "content": "hi", "timestamp": "2025-06-01T10:00:00.5"},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "a", "name": "look", "arguments": {"q": 1}, "requestor": "assistant"}]},
            {"role": "tool", "id": "a", "content": "x", "error": True, "requestor": "assistant"},
            {"role": "user", "content": None, "tool_calls": [
                {"id": "b", "name": "reboot", "arguments": {}, "requestor": "user"}]},
            {"role": "tool", "id": "b", "content": "ok", "error": False, "requestor": "user"}]}
        for number in (1, 2)
    ],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
def test_a_tau2_file_is_read_simulation_by_simulation(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(TAU2, indent=indent), "utf-8")
    found, problems = read(path)
    assert problems == []
    assert [one.id for one in found] == ["s1", "s2"]
    assert [one.truth.should_handoff for one in found if one.truth] == [True, False]
    turns = found[0].turns
    assert [turn.role.value for turn in turns] == ["customer", "agent", "tool", "ops", "tool"]
    assert (turns[2].tool, turns[2].error) == ("look", True)
    assert turns[0].at == 1_748_772_000_500


RASA = {
    "sender_id": "r1",
    "events": [
        {"event": "action", "name": "action_session_start", "timestamp": 10.0},
        {"event": "session_started", "timestamp": 10.0},
        {"event": "action", "name": "action_listen", "timestamp": 10.1},
        {"event": "user", "text": "a form", "timestamp": 11.0,
         "parse_data": {"intent": {"name": "order", "confidence": 0.4}}},
        {"event": "slot", "name": "item", "value": "lamp", "timestamp": 11.1},
        {"event": "slot", "name": "requested_slot", "value": "colour", "timestamp": 11.1},
        {"event": "action", "name": "action_check_stock", "timestamp": 11.5},
        {"event": "action_execution_rejected", "name": "action_book", "timestamp": 11.6},
        {"event": "action", "name": "utter_done", "timestamp": 11.7},
        {"event": "bot", "text": "Done", "timestamp": 11.8},
        {"event": "session_started", "timestamp": 900.0},
        {"event": "user", "text": "human", "timestamp": 901.0,
         "parse_data": {"intent": {"name": "talk_to_human", "confidence": 0.99}}},
        {"event": "action", "name": "action_human_handoff", "timestamp": 902.0},
    ],
}  # fmt: skip


def test_a_rasa_tracker_becomes_turns_with_what_the_bot_knew(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps([RASA, RASA], indent=1), "utf-8")
    found, problems = read(path)
    assert problems == []
    assert len(found) == 2
    turns = found[0].turns
    told = [(turn.role.value, turn.text or turn.tool) for turn in turns]
    assert told == [
        ("customer", "a form"),
        ("ops", ""),
        ("tool", "action_check_stock"),
        ("tool", "action_book"),
        ("agent", "Done"),
        ("ops", ""),
        ("customer", "human"),
        ("agent", ""),
    ]
    assert turns[0].at == 11_000
    assert turns[1].events == (Event.PROGRESS,)
    assert (turns[2].error, turns[3].error) == (None, True)
    assert turns[4].confidence == 0.4
    assert turns[5].events == (Event.EPISODE_STARTED,)
    assert turns[6].events == (Event.HUMAN_REQUESTED,)
    assert turns[7].events == (Event.TRANSFER_REQUESTED,)
    assert found[0].truth is not None
    assert found[0].truth.agent_handoff_turn == 7


@pytest.mark.parametrize(
    ("document", "name"), [(UNIFORM, "uniform"), (OPENAI, "openai"), (TAU, "tau"), (RASA, "rasa")]
)
def test_the_format_is_told_by_content_and_may_be_told(
    tmp_path: Path, document: object, name: str
) -> None:
    assert importers.detect(document) == name
    path = put(tmp_path, "a.jsonl", document)
    assert read(path)[0] == read(path, name)[0]
    same = {"tau"} if name == "openai" else set()  # both hold the same kind of messages
    for other in set(importers.FORMATS) - {name} - same:
        found, problems = read(path, other)
        assert found == []
        assert len(problems) == 1


def test_a_gzip_file_a_byte_order_mark_and_foreign_line_ends_are_read(tmp_path: Path) -> None:
    line = json.dumps(UNIFORM).encode()
    plain = tmp_path / "a.jsonl"
    plain.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n\r\n  \r\n" + line)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(line + b"\n"))
    found, problems = read(plain)
    assert problems == []
    assert [one.line for one in found] == [1, 4]
    assert read(packed)[0][0].turns == found[0].turns


def test_one_simulation_a_line_in_a_json_file_is_read_too(tmp_path: Path) -> None:
    found, problems = read(put(tmp_path, "a.json", UNIFORM, UNIFORM))
    assert problems == []
    assert [one.line for one in found] == [1, 2]


def test_the_shipped_samples_are_read_and_show_every_kind() -> None:
    found = list(samples.read())
    assert len(found) >= 36
    assert len({one.id for one in found}) == len(found)
    assert all(one.title and one.workflow and one.truth for one in found)
    assert sum(one.language == "es" for one in found) >= 4
    assert {one.kind for one in found} == {"conversation", "operations"}
    quiet = [one for one in found if one.truth and not one.truth.should_handoff]
    assert len(quiet) * 3 >= len(found)
    for one in found:
        assert one.truth is not None
        place = one.truth.turn
        assert (place is None) is (one.truth.should_handoff is False)
        assert place is None or place < len(one.turns)


def test_recorded_data_is_read_whole(shared_data: Path) -> None:
    files = [shared_data / "tau_dev.jsonl.gz", shared_data / "dbdc3_en_dev.jsonl.gz"]
    found = list(importers.read(files, strict=True))
    assert len(found) == 1580 + 415
    assert sum(bool(one.truth and one.truth.agent_handoff) for one in found) == 217


@pytest.mark.parametrize("path", ["missing.jsonl", "."])
def test_a_path_that_is_no_file_is_refused_at_once(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError):
        importers.read([tmp_path / path])


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="uniform"):
        importers.read([], "csv")


def test_progress_tells_all_bytes_of_all_files_in_the_end(tmp_path: Path) -> None:
    files = [put(tmp_path, name, UNIFORM, OPENAI) for name in ("a.jsonl", "b.jsonl")]
    told: list[int] = []
    list(importers.read(files, on_progress=told.append))
    assert told == sorted(told)
    assert told[-1] == importers.size(files)
