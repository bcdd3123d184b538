"""From the checked shape of a file to the pack that the core knows; what the shape cannot say.

Problems are collected, so that a file's author sees all of them at once.
"""

from collections.abc import Iterable

from handrail.core import policy
from handrail.core.model import Trigger
from handrail.errors import Problem
from handrail.packs import build_case, build_queue, build_rules
from handrail.packs.problems import suggestion
from handrail.packs.shape import Pack, workflow
from handrail.packs.source import KeyPath, Places, at, dotted

_PLACEHOLDERS = frozenset({"case", "person", "queue", "wait"})


class Issues:
    """Collects problems of one file with their places."""

    def __init__(self, places: Places, file: str) -> None:
        self.places = places
        self.file = file
        self.found: list[Problem] = []

    def add(self, path: KeyPath, message: str) -> None:
        """Note a problem."""
        self.found.append(at(self.places, path, message, self.file))

    def place(self, path: KeyPath) -> str:
        """File and line of a path, for messages about two places."""
        problem = at(self.places, path, "", self.file)
        return f"{problem.file}:{problem.line}:{problem.column} {dotted(path)}"

    def known(self, path: KeyPath, kind: str, name: str, names: Iterable[str]) -> None:
        """Note a problem when a name is none of those known."""
        names = list(names)
        if name and name not in names:
            self.add(path, f"unknown {kind} `{name}`{suggestion(name, names)}")

    def declared(self, path: KeyPath, kind: str, name: str, names: list[str]) -> None:
        """As `known`, for a tier or stage, which the pack lists under `tiers` or `stages`."""
        if name and name not in names:
            hint = suggestion(name, names)
            close = hint if "did you mean" in hint else f"; add it to `{kind}s`"
            self.add(path, f"unknown {kind} `{name}`{close}")

    def once(self, key: str, kind: str, names: list[str]) -> None:
        """Note a name that a list on top of the file has twice."""
        for place, name in enumerate(names):
            if name in names[:place]:
                self.add((key, place), f"there is a {kind} `{name}` already; remove one")


def build(shape: Pack, issues: Issues, *, base: str) -> policy.Pack:
    """The pack of a shape whose defaults are merged into its workflows."""
    for key, kind in (("languages", "language"), ("tiers", "tier"), ("stages", "stage")):
        issues.once(key, kind, getattr(shape, key))
    conditions = build_rules.Conditions(issues)
    defaults = _workflow("", shape.defaults, shape, conditions, ("defaults",))
    made = [
        _workflow(name, own, shape, conditions, ("workflows", name))
        for name, own in sorted(shape.workflows.items())
    ]
    return policy.Pack(
        name=shape.name,
        version=shape.version,
        defaults=defaults,
        description=shape.description,
        owner=shape.owner,
        extends=shape.extends or "",
        base=base,
        single_person=shape.single_person,
        languages=tuple(shape.languages),
        tiers=build_rules.names(shape.tiers),
        stages=build_rules.names(shape.stages),
        workflows=tuple(made),
        queues=tuple(
            build_queue.queue(name, own, shape, issues)
            for name, own in sorted(shape.queues.items())
        ),
        matrix=build_queue.matrix(shape, issues),
        sla=tuple(
            build_queue.sla(name, own, shape, issues) for name, own in sorted(shape.sla.items())
        ),
        bundles=tuple(
            build_queue.bundle(name, own, shape, issues)
            for name, own in sorted(shape.bundles.items())
        ),
        notices=_notices(shape.notices, shape, issues, ("notices",)),
        metrics=policy.Metrics(**shape.metrics.given()),
        cases=build_case.cases(shape, made, issues),
    )


def _workflow(
    name: str,
    shape: workflow.Workflow,
    pack: Pack,
    conditions: build_rules.Conditions,
    path: KeyPath,
) -> policy.Workflow:
    issues = conditions.issues
    language = shape.language or pack.languages[0]
    issues.known((*path, "language"), "language", language, pack.languages)
    issues.known((*path, "sla"), "SLA policy", shape.sla, pack.sla)
    issues.known((*path, "bundle"), "bundle template", shape.bundle, pack.bundles)
    build_rules.check_values(shape, pack, issues, path)
    return policy.Workflow(
        name=name,
        rules=build_rules.rules(shape, conditions, path),
        kind=shape.kind,
        mode=shape.mode,
        percentage=shape.percentage,
        language=language,
        topics=build_rules.texts(shape, pack, issues, path),
        offer_expires=shape.offers.expires,
        reopen_window=shape.reopen_window,
        sla=shape.sla,
        bundle=shape.bundle,
        fallback=shape.fallback,
        handback=policy.Handback(**shape.handback.given()),
        transfer_tools=build_rules.names(shape.transfer_tools),
        notices=_notices(shape.notices, pack, issues, (*path, "notices")),
    )


def _notices(
    shapes: list[workflow.Notice], pack: Pack, issues: Issues, path: KeyPath
) -> tuple[policy.Notice, ...]:
    """One notice for each language, in a fixed order."""
    made: dict[tuple[str, str, str], policy.Notice] = {}
    for place, shape in enumerate(shapes):
        here = (*path, place)
        issues.known((*here, "trigger"), "trigger", shape.trigger, [*Trigger, policy.ANY])
        for language, text in shape.text.items():
            spot = (*here, "text", language)
            issues.known(spot, "language", language, pack.languages)
            for name in build_queue.placeholders(text):
                issues.known(spot, "placeholder", name, _PLACEHOLDERS)
            key = (shape.event, shape.trigger, language)
            if key in made:
                issues.add(spot, "there is such a notice already, for this event and trigger")
            made[key] = policy.Notice(
                event=shape.event,
                trigger=shape.trigger,
                language=language,
                text=text,
                speaker=shape.speaker,
            )
    return tuple(made[key] for key in sorted(made))
