"""What the validator says, as problems with a place, in plain words, with suggestions."""

import difflib
import typing
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from handrail.errors import PackError, Problem
from handrail.packs.shape import Pack, values
from handrail.packs.shape.values import shown
from handrail.packs.source import KeyPath, Place, at

_Shape = TypeVar("_Shape", bound=BaseModel)
_ELSEWHERE = {
    "explicit_request": "is always on and hard; it cannot be switched off, softened or excepted",
    "operator_takeover": "is always on and hard; it cannot be switched off, softened or excepted",
    "sensitive_topic": "is set under `topics`",
    "custom_condition": "is set under `conditions`",
    "handoff_score": "is set under `score`",
}
_FORMS: dict[str, str] = {
    values.NAME: "should be a name: a letter, then letters, digits, `_` or `-`, at most 64",
    values.LANGUAGE: "should be a language code, such as `en` or `pt-BR`",
    values.LABEL: "should be text without spaces around it, at most 100 characters",
    values.TIMES: "should be a span of time, such as `09:00-18:00`",
    values.DAYS: "should be days, such as `mon`, `sat` or `mon-fri`",
}


def check(
    kind: type[_Shape],
    tree: dict[str, Any],
    places: Mapping[KeyPath, Place],
    file: str,
    known: Iterable[Problem] = (),
) -> _Shape:
    """The shape of a tree. What is known to be wrong is not said again in other words.

    Raises PackError with all problems.
    """
    found = list(known)
    try:
        checked = kind.model_validate(tree)
    except ValidationError as error:
        told = {problem.path for problem in found}
        found += [one for one in translate(error, places, file, kind) if one.path not in told]
    if found:
        raise PackError(in_order(found))
    return checked


def translate(
    error: ValidationError,
    places: Mapping[KeyPath, Place],
    file: str,
    root: type[BaseModel] = Pack,
) -> list[Problem]:
    """All problems of a validation error, in the order of the file."""
    found = []
    for item in error.errors(include_url=False):
        path = tuple(part for part in item["loc"] if part != "[key]")
        found.append(at(places, path, _words(item, path, root), file))
    return in_order(found)


def in_order(problems: list[Problem]) -> list[Problem]:
    """Each problem once, by file and line."""
    return sorted(
        dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line, problem.column)
    )


def suggestion(name: object, known: Iterable[str]) -> str:
    """`; did you mean …?` for a name that is close to a known one, else what is known."""
    names = sorted(set(known))
    small = {one.lower(): one for one in names}
    close = difflib.get_close_matches(str(name).lower(), small, n=1, cutoff=0.6)
    if close:
        return f"; did you mean `{small[close[0]]}`?"
    if not names:
        return ""
    listed = ", ".join(f"`{one}`" for one in names[:12])
    return f"; known are {listed}" + (", …" if len(names) > 12 else "")


def _words(item: Any, path: KeyPath, root: type[BaseModel]) -> str:
    """One error of the validator in our words."""
    kind, given, context = item["type"], item["input"], item.get("ctx", {})
    key = path[-1] if path else ""
    if kind == "extra_forbidden":
        if len(path) > 1 and path[-2] == "triggers" and key in _ELSEWHERE:
            return _ELSEWHERE[str(key)]
        return f"unknown key{suggestion(key, _keys(path[:-1], root))}"
    if kind == "missing":
        return "required key is missing"
    if kind in {"literal_error", "enum"}:
        names = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        return f"{shown(given)} is not allowed here{suggestion(given, names)}"
    if kind == "string_pattern_mismatch":
        return f"{shown(given)} {_FORMS.get(context['pattern'], 'has the wrong form')}"
    if kind == "value_error":
        return str(context["error"])
    return _simple(kind, given, context, str(item["msg"]))


def _simple(kind: str, given: object, context: Mapping[str, Any], message: str) -> str:
    """Wrong types and sizes."""
    if kind == "string_type":
        quote = "" if isinstance(given, dict | list) else "; put it in quotes"
        return f"should be text, not {shown(given)}{quote}"
    wanted = {
        "int_type": "a whole number",
        "bool_type": "`true` or `false`",
        "list_type": "a list",
        "dict_type": "a map",
        "model_type": "a map",
        "model_attributes_type": "a map",
    }.get(kind)
    if wanted is not None:
        return f"should be {wanted}, not {shown(given)}"
    bounds = {
        "greater_than_equal": ("at least", "ge"),
        "less_than_equal": ("at most", "le"),
    }.get(kind)
    if bounds is not None:
        return f"should be {bounds[0]} {context[bounds[1]]}, not {shown(given)}"
    if kind in {"too_short", "string_too_short"}:
        return "should not be empty"
    if kind in {"too_long", "string_too_long"}:
        return f"is longer than {context['max_length']} characters or entries"
    return message[:1].lower() + message[1:]


def _keys(path: KeyPath, root: type[BaseModel]) -> list[str]:
    """The keys that the map at a path may have."""
    model = model_at(path, root)
    return list(model.model_fields) if model is not None else []


def model_at(path: KeyPath, root: type[BaseModel] = Pack) -> type[BaseModel] | None:
    """The model of the map at a path of a file, or None when there is none."""
    kind: Any = root
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = None if field is None else _bare(field.annotation)
        else:
            args = get_args(kind)
            kind = _bare(args[-1]) if args else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _bare(kind: Any) -> Any:
    """A type without annotations and without `None`."""
    while True:
        if get_origin(kind) is typing.Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in {Union, UnionType}:
            rest = [arg for arg in get_args(kind) if arg is not type(None)]
            kind = rest[0]
        elif hasattr(kind, "__value__"):
            kind = kind.__value__
        else:
            return kind
