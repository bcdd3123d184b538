"""The AsyncAPI document: what webhooks say, made of the types that they are written from."""

from importlib.metadata import version
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handrail.wiring.hooks import MEDIA, NAMES, PING, Event, Trial, kind

_CHANNEL = "webhooks"
_ABOUT = """
What Handrail posts to the endpoints of a workspace: a CloudEvent for each entry of its ledger,
signed as Standard Webhooks says. Each is sent at least once under one `webhook-id`, in no promised
order: `data.number` counts within a case. New fields and new types may come.
"""
_HEADERS = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {
            "type": "string",
            "description": "The same in each try, and in a replay: who has it has the event.",
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Of the try, in seconds since the epoch.",
        },
        "webhook-signature": {
            "type": "string",
            "pattern": "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$",
            "description": "HMAC-SHA256 of `id.timestamp.body`; two while a secret is rotated.",
        },
    },
}


def document() -> dict[str, Any]:
    """The document, AsyncAPI 3.0."""
    _, schemas = msgspec.json.schema_components(
        (Event, Trial), ref_template="#/components/schemas/{name}"
    )
    messages = {
        f"{about}.{name}": _message(kind(about, name), "Event", {"name": {"const": name}})
        for about, names in NAMES.items()
        for name in names
    }
    messages[PING] = _message(kind(PING), "Trial", {})
    channel = f"#/channels/{_CHANNEL}"
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Handrail webhooks",
            "version": version("handrail"),
            "description": _ABOUT.strip(),
        },
        "defaultContentType": MEDIA,
        "channels": {
            _CHANNEL: {
                "address": None,
                "description": "An endpoint that an administrator has added.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": channel},
                "messages": [{"$ref": f"{channel}/messages/{name}"} for name in messages],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            }
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _message(what: str, schema: str, data: dict[str, Any]) -> dict[str, Any]:
    fixed = {"type": {"const": what}, "data": {"properties": data}}
    return {
        "name": what,
        "contentType": MEDIA,
        "headers": _HEADERS,
        "payload": {
            "allOf": [{"$ref": f"#/components/schemas/{schema}"}, {"properties": fixed}],
        },
    }


async def _answer(_: Request) -> Response:
    return JSONResponse(document())


ROUTE = Route("/asyncapi.json", _answer)
"""Needs no key, as the description of the API."""
