"""A bundle as JSON, Markdown and HTML; and the part of it that the customer may see.

The second guard of law 10: what cites no turn is not written, and all is masked once more.
"""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from html import escape

from handrail.core.bundle import words
from handrail.core.bundle.mask import Mask
from handrail.core.bundle.parts import Action, Bundle, Claim, Step
from handrail.core.bundle.seal import cited, covered

_TITLES = {
    "en": ("Goal", "Summary", "Next steps", "Last actions", "Constraints", "Sources", "Why",
           "Customer", "Mood", "Transcript", "Missing", "turn", "turns", "failed", "ok", "complete",
           "degraded"),
    "es": ("Objetivo", "Resumen", "Próximos pasos", "Últimas acciones", "Condiciones", "Fuentes",
           "Motivo", "Cliente", "Ánimo", "Transcripción", "Falta", "turno", "turnos", "falló",
           "bien", "completo", "incompleto"),
}  # fmt: skip
_KEYS = (
    "goal", "summary", "steps", "actions", "constraints", "sources", "why", "customer", "mood",
    "transcript", "missing", "turn", "turns", "failed", "ok", "complete", "degraded",
)  # fmt: skip


def plain(value: object) -> object:
    """A bundle as the values of JSON, every field told."""
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name.lower()
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def to_json(bundle: Bundle, mask: Mask) -> str:
    """One line of JSON, keys in the order of the fields."""
    return json.dumps(plain(_guarded(bundle, mask)), ensure_ascii=True, separators=(",", ":"))


def to_markdown(bundle: Bundle, mask: Mask) -> str:
    """What the person reads first stands first: goal, summary, next steps."""
    parts = []
    for title, lines in _sections(_guarded(bundle, mask)):
        parts.append(f"## {title}")
        parts += [f"- {_marked(one)}" for one in lines] if len(lines) > 1 else [_marked(lines[0])]
        parts.append("")
    return "\n".join(parts)


def to_html(bundle: Bundle, mask: Mask) -> str:
    """A fragment: no script, no style, every text escaped."""
    parts = ['<article class="bundle">']
    for title, lines in _sections(_guarded(bundle, mask)):
        parts.append(f"<h2>{escape(title)}</h2>")
        if len(lines) > 1:
            parts.append("<ul>" + "".join(f"<li>{escape(one)}</li>" for one in lines) + "</ul>")
        else:
            parts.append(f"<p>{escape(lines[0])}</p>")
    return "\n".join((*parts, "</article>", ""))


def to_customer(bundle: Bundle, mask: Mask) -> str:
    """What may be shown to the customer, and nothing else."""
    return "\n".join(one.text for one in _guarded(bundle, mask).customer_visible)


def _guarded(bundle: Bundle, mask: Mask) -> Bundle:
    return covered(cited(bundle), mask)


def _sections(bundle: Bundle) -> Iterator[tuple[str, list[str]]]:
    """Titles and lines; a section with nothing in it is left out, and is told under `missing`."""
    title = dict(zip(_KEYS, _TITLES[words.spoken(bundle.language)], strict=True))

    def based(one: Claim | Step) -> str:
        return f"{one.text} {_turns(one.evidence, title)}"

    if bundle.goal is not None:
        yield title["goal"], [based(bundle.goal)]
    if bundle.summary:
        yield title["summary"], [" ".join(based(one) for one in bundle.summary)]
    if bundle.next_steps:
        yield title["steps"], [based(one) for one in bundle.next_steps]
    if bundle.reasons:
        found = [
            f"{one.trigger.value}: {words.why(one, bundle.language)}" for one in bundle.reasons
        ]
        yield title["why"], [*found, f"score {bundle.score / 1000:g}"]
    if bundle.last_actions:
        yield title["actions"], [_action(one, title) for one in bundle.last_actions]
    if bundle.constraints:
        yield title["constraints"], [based(one) for one in bundle.constraints]
    if bundle.sources:
        yield title["sources"], [based(one) for one in bundle.sources]
    if (who := bundle.customer_value) is not None:
        yield title["customer"], [" · ".join(filter(None, (who.tier, who.stage))) or "-"]
    if (mood := bundle.sentiment_trend) is not None:
        yield title["mood"], [f"{mood.way.value}: {mood.before / 1000:g} → {mood.level / 1000:g}"]
    if bundle.transcript:
        yield title["transcript"], [bundle.transcript]
    if bundle.missing:
        names = ", ".join(one.value for one in bundle.missing)
        yield title["missing"], [f"{title['degraded']}: {names}"]


def _action(one: Action, title: dict[str, str]) -> str:
    state = "" if one.failed is None else title["failed"] if one.failed else title["ok"]
    said = f"`{one.tool}` {one.detail}".strip() if one.tool else f"“{one.detail}”"
    end = ": ".join(filter(None, (state, one.result)))
    return f"{said}{' → ' + end if end else ''} {_turns(one.evidence, title)}"


def _turns(evidence: tuple[int, ...], title: dict[str, str]) -> str:
    """Where a claim comes from: `[turn 1]`, `[turns 2, 3]`."""
    word = title["turn" if len(evidence) == 1 else "turns"]
    return f"[{word} {', '.join(map(str, evidence))}]"


def _marked(text: str) -> str:
    """Text of others as Markdown shows it: no tag, no link, no heading of its own."""
    for sign in "\\<>[]*_#|!":
        text = text.replace(sign, "\\" + sign)
    return text
