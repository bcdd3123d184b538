"""The published JSON Schema is the one of the code, and tells right packs from wrong ones."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from handrail import packs
from handrail.packs import schema
from handrail.packs.find import find
from handrail.packs.source import parse

jsonschema = pytest.importorskip("jsonschema")
ROOT = Path(__file__).parents[2]
HEAD = 'handrail: 1\nname: x\nversion: "1"\n'


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def errors(text: str) -> list[str]:
    checker = jsonschema.Draft202012Validator(schema.schema())
    return [one.message for one in checker.iter_errors(plain(parse(text.encode(), "x").tree))]


def test_the_published_schema_is_the_one_of_the_code() -> None:
    assert schema.FILE.read_text(encoding="utf-8") == schema.text()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.text()))


@pytest.mark.parametrize("name", packs.starters())
def test_starter_packs_conform(name: str) -> None:
    assert errors(find(name).read_text(encoding="utf-8")) == []


def test_the_documented_example_conforms() -> None:
    page = (ROOT / "docs/reference/pack.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- example: complete -->\n```yaml\n(.*?)```", page, re.DOTALL)
    assert found
    assert errors(found[1]) == []


@pytest.mark.parametrize(
    "text",
    [
        "workflow: {}",
        "workflows: {chat: {triggers: {vipp: on}}}",
        "workflows: {chat: {triggers: {vip: maybe}}}",
        "workflows: {chat: {triggers: {low_confidence: {below: 60}}}}",
        "workflows: {chat: {mode: enforced}}",
        "workflows: {chat: {max_wait: 30}}",
        "workflows: {9: {}}",
        "queues: {desk: {hours: {time_zone: UTC}}}",
        "notices: [{event: pause, trigger: vipp, text: {en: a}}]",
        "cases: [{name: a}]",
    ],
)
def test_an_editor_marks_what_the_loader_refuses(text: str) -> None:
    assert errors(HEAD + text + "\n") != []


def test_every_key_says_what_it_means() -> None:
    made = schema.schema()
    for name, part in [("Pack", made), *made["$defs"].items()]:
        for key, said in part.get("properties", {}).items():
            assert said.get("description"), f"{name}.{key}"
