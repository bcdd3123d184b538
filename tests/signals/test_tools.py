"""What a tool's result says: an error is one by its form, not because a word is in the data."""

import pytest

from handrail.core.model import Role, Source, Turn
from handrail.signals import Extractor, Memory
from handrail.signals.tools import Result, read


@pytest.mark.parametrize(
    "text",
    [
        "Error: something is off",
        "ERROR - disk is full",
        "Exception: boom",
        "Traceback (most recent call last):\n  File x",
        "Failed to connect to the server",
        "Request timed out",
        "Something went wrong",
        "500 Internal Server Error",
        "HTTP 502",
        "HTTP/1.1 503 Service Unavailable",
        '{"error": "boom"}',
        '{"error": {"code": 12, "message": "boom"}}',
        '{"success": false, "message": "no"}',
        '{"isError": true, "content": []}',
        '{"status": "error", "message": "boom"}',
        '{"status": 500, "message": "boom"}',
        "Error: no se pudo guardar",
    ],
)
def test_an_error_is_read_from_its_form(text: str) -> None:
    result = read(text, None)
    assert result.failed
    assert not result.succeeded


@pytest.mark.parametrize(
    "text",
    [
        '{"order_id": 7, "status": "failed", "items": [1]}',
        '{"error": null, "rows": [1]}',
        '{"errors": [], "rows": [1]}',
        '{"rows": [{"text": "error: printer not found, permission denied"}]}',
        '{"code": 404, "name": "Area code"}',
        '{"status": 200, "message": "fine"}',
        '[{"title": "Error handling for beginners"}]',
        "The error rate of the campaign is 4 %",
        "Errors are part of life, says the article",
        "Error handling is described in chapter 4",
        "Transfer successful",
        "404 items in stock",
        "500",
        "Permission 'sms' granted to app 'messaging'.",
        "available",
    ],
)
def test_business_data_that_has_an_errors_words_is_a_result(text: str) -> None:
    assert read(text, None) == Result(succeeded=True)


@pytest.mark.parametrize(
    "text",
    [
        "Permission denied",
        "403 Forbidden",
        "HTTP 401",
        "Error: you are not authorized to refund",
        '{"error": "insufficient permissions for scope orders"}',
        '{"error": {"code": 403, "message": "nope"}}',
        "acceso denegado",
    ],
)
def test_a_missing_permission_is_a_failure_of_its_own(text: str) -> None:
    result = read(text, None)
    assert result.permission
    assert result.failed
    assert not result.missing


@pytest.mark.parametrize(
    "text",
    ["User not found", "Error: order not found", '{"error": "no such record"}', "404 Not Found"],
)
def test_a_missing_thing_is_missing_data_and_no_success(text: str) -> None:
    result = read(text, None)
    assert result.missing
    assert not result.succeeded


@pytest.mark.parametrize("text", ["", "  ", "[]", "{}", "null", "None", '""'])
def test_an_empty_result_says_nothing(text: str) -> None:
    assert read(text, None) == Result()


def test_the_callers_word_wins_over_the_text() -> None:
    assert read("Error: permission denied", error=False) == Result(succeeded=True)
    assert read("fine", error=True) == Result(failed=True)
    assert read("user lacks permission", error=True) == Result(failed=True, permission=True)


def test_the_same_result_again_is_no_progress() -> None:
    extractor, memory = Extractor(), Memory()
    turns = [Turn(role=Role.TOOL, tool=tool, text='{"id": 7}') for tool in ("get", "get", "list")]
    first, again, other = (extractor.extract(turn, memory) for turn in turns)
    assert (first.tool_succeeded, first.repeated) == (True, False)
    assert (again.tool_succeeded, again.repeated) == (False, True)
    assert other.tool_succeeded


def test_a_failure_that_repeats_is_a_failure_again() -> None:
    extractor, memory = Extractor(), Memory()
    turn = Turn(role=Role.TOOL, tool="get", text="Error: boom")
    assert all(extractor.extract(turn, memory).tool_failed for _ in range(3))


def test_the_source_tells_who_said_that_it_failed() -> None:
    for error, source in ((None, Source.COMPUTED), (True, Source.CALLER)):
        turn = Turn(role=Role.TOOL, text="Error: boom", error=error)
        assert dict(Extractor().extract(turn, Memory()).sources)["tool_failed"] is source
