"""Spans by OpenTelemetry, where the extra `otel` is installed and the setting `otel` is on.

A request is a span; what was decided in it are attributes: `gen_ai.*` where the conventions of
OpenTelemetry have a name, `handoff.*` where they have none. No text and no person is in them.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from importlib.metadata import version
from typing import Any

from handrail.errors import InputError
from handrail.ports import Entry
from handrail.web.metrics import decided, route

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
_COMMANDS = frozenset(
    {
        *("open", "propose", "accept", "decline", "expire", "release", "reroute", "handback"),
        *("recall", "takeover", "resolve", "reopen", "withdraw", "merged", "fallback", "stopped"),
    }
)


def set_up() -> Any:
    """Who sends spans to where the variables OTEL_* say. InputError without the extra."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as problem:
        raise InputError(
            f"spans need a library that is not here: {problem.name}",
            hint="install `handrail[otel]`, or turn the setting `otel` off",
        ) from None
    resource = Resource.create({"service.name": "handrail", "service.version": version("handrail")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Traced:
    """An application with a span for each request, which goes on from that of its caller."""

    def __init__(self, app: App, provider: Any) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._app = app
        self._tracer = provider.get_tracer("handrail", version("handrail"))
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, StatusCode

        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in {b"traceparent", b"tracestate"}
        }
        begun = self._tracer.start_as_current_span(
            "request",
            context=self._propagator.extract(carrier),
            kind=SpanKind.SERVER,
            record_exception=False,  # its message may hold what somebody said
            set_status_on_exception=False,
        )
        with begun as span:

            async def told(message: Any) -> None:
                if message["type"] == "http.response.start":
                    where = route(scope)
                    span.update_name(f"{scope['method']} {where}")
                    span.set_attribute("http.request.method", scope["method"])
                    span.set_attribute("http.route", where)
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            await self._app(scope, receive, told)


def seen(workspace: str, entries: Sequence[Entry]) -> None:
    """Write what was committed into the span of the request that did it."""
    from opentelemetry import trace

    span = trace.get_current_span()
    if not span.is_recording():
        return
    for entry in entries:
        if entry.name == "decision":
            span.set_attributes(_decided(workspace, entry))
        elif entry.name in _COMMANDS:
            epoch = str(entry.epoch)
            span.add_event(f"handoff.{entry.name}", {"handoff.epoch": epoch})


def _decided(workspace: str, entry: Entry) -> dict[str, Any]:
    found = decided(entry)
    told: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.conversation.id": entry.case,
        "handoff.workspace": workspace,
        "handoff.outcome": found.outcome,
        "handoff.score": found.score,
        "handoff.pack.digest": found.digest,
        "handoff.epoch": str(entry.epoch),
    }
    if found.reasons:
        told["handoff.trigger"] = found.reasons[0].trigger
        told["handoff.hard"] = found.reasons[0].hard
    return told
