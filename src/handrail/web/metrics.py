"""Figures for Prometheus. Labels are names of the pack, of workspaces and of routes: nobody's id,
no case, no path as it was asked for.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any

import msgspec
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    exposition,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from handrail import codec
from handrail.errors import HandrailError
from handrail.ports import Entry
from handrail.wiring.desk import Desk
from handrail.wiring.gauges import Gauges, gauges

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
CONTENT_TYPE = exposition.CONTENT_TYPE_LATEST
_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_FRESH = 2.0  # seconds that a count is good for, whoever asks
UNKNOWN = "none"
PLAIN = frozenset({"/healthz", "/readyz", "/metrics"})


class Reason(msgspec.Struct):
    """Of a reason of a decision, what is told."""

    trigger: str
    hard: bool = False


class Decided(msgspec.Struct):
    """Of a decision, what is told."""

    outcome: str
    digest: str = ""
    score: int = 0
    reasons: tuple[Reason, ...] = ()


class _Record(msgspec.Struct):
    decision: Decided


def decided(entry: Entry) -> Decided:
    """What the entry of a decision says, without its evidence."""
    found: _Record = codec.load(_Record, entry.body["record"].encode("utf-8", "replace"))
    return found.decision


class Metrics:
    """The figures of one process. `desks` and `streams` are asked when the figures are."""

    def __init__(self, desks: Callable[[], Sequence[Desk]], streams: Callable[[], int]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the lines, for nobody
        self.registry = CollectorRegistry()
        self._desks, self._streams = desks, streams
        self._counted: dict[str, tuple[float, Gauges]] = {}
        self._turns = self._counter("turns", "Turns that were taken.", "workspace")
        self._decisions = self._counter(
            "decisions",
            "Decisions by outcome and first trigger.",
            "workspace",
            "outcome",
            "trigger",
        )
        self._deliveries = self._counter(
            "deliveries", "What became of effects.", "workspace", "kind", "status"
        )
        self._entries = self._counter("entries", "Ledger entries.", "workspace", "name")
        self.requests = Histogram(
            "handrail_request_seconds",
            "Time to the first byte of an answer.",
            ("method", "route", "status"),
            buckets=_LATENCY,
            registry=self.registry,
        )
        self.registry.register(_Asked(self))

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"handrail_{name}", told, labels, registry=self.registry)

    def seen(self, workspace: str, entries: Sequence[Entry]) -> None:
        """Entries that this process has committed."""
        for entry in entries:
            self._entries.labels(workspace, entry.name).inc()
            if entry.name == "decision":
                found = decided(entry)
                first = found.reasons[0].trigger if found.reasons else UNKNOWN
                self._turns.labels(workspace).inc()
                self._decisions.labels(workspace, found.outcome, first).inc()
            elif entry.name == "delivery":
                body = entry.body
                self._deliveries.labels(workspace, body["kind"], body["status"]).inc()

    def text(self) -> bytes:
        """All figures, as Prometheus reads them. Asks the store: not for the event loop."""
        return exposition.generate_latest(self.registry)

    def collected(self) -> Iterator[Metric]:
        """What is counted when it is asked for."""
        try:
            found = [(desk.workspace, self._of(desk)) for desk in self._desks()]
        except HandrailError:  # the store is away: the rest is told all the same
            found = []
        up = _gauge("store_up", "Whether the store could be asked.")
        up.add_metric([], float(bool(found)))
        yield up
        waiting = _gauge("waiting", "Cases that wait for a person.", "workspace", "queue", "status")
        for workspace, one in found:
            for (queue, status), count in one.waiting.items():
                waiting.add_metric([workspace, queue, status], count)
        yield waiting
        for name, told, value in _FIGURES:
            family = _gauge(name, told, "workspace")
            for workspace, one in found:
                family.add_metric([workspace], value(one))
            yield family
        streams = _gauge("streams", "Open streams of changes.")
        streams.add_metric([], self._streams())
        yield streams

    def _of(self, desk: Desk) -> Gauges:
        now = time.monotonic()
        at, known = self._counted.get(desk.workspace, (0.0, None))
        if known is None or now - at > _FRESH:
            known = gauges(desk)
            self._counted[desk.workspace] = now, known
        return known


_FIGURES: tuple[tuple[str, str, Callable[[Gauges], float]], ...] = (
    ("open_handoffs", "Handoffs that have not ended.", lambda one: one.handoffs),
    ("overdue", "Cases with a deadline that is due.", lambda one: one.overdue),
    ("outbox_backlog", "Effects that are due.", lambda one: one.backlog),
    ("outbox_age_seconds", "How long the oldest is.", lambda one: one.oldest / 1000),
    ("dead_letters", "Effects that are not tried any more.", lambda one: one.dead),
    ("changes_lag_seconds", "Age of the oldest change not shown.", lambda one: one.lag / 1000),
)


class _Asked:
    """A collector, as the library calls it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """The figures of now."""
        return self._metrics.collected()

    def describe(self) -> Iterable[Metric]:
        """None before anybody asks: that would need the store."""
        return ()


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"handrail_{name}", told, labels=labels)


class Timing:
    """An application with the time of its answers, by the route as it is declared."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def timed(message: Any) -> None:
            if message["type"] == "http.response.start":
                took = time.perf_counter() - begun
                labels = (_method(scope), route(scope), str(message["status"]))
                self._metrics.requests.labels(*labels).observe(took)
            await send(message)

        await self._app(scope, receive, timed)


def route(scope: Scope) -> str:
    """The route that answers, as declared: `/v1/cases/{case}`; `none` when there is none."""
    path = getattr(scope.get("route"), "path", "")
    return path or (scope["path"] if scope["path"] in PLAIN else UNKNOWN)


def _method(scope: Scope) -> str:
    known = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
    return scope["method"] if scope["method"] in known else "other"
