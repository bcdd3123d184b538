"""The JSON Schema of a pack, for editors. `python -m handrail.packs.schema` writes it anew."""

import json
from pathlib import Path
from typing import Any

from handrail.packs.shape import Pack

FILE = Path(__file__).parent / "pack.schema.json"
_ID = "https://handrail.dev/schema/pack-1.json"


def schema() -> dict[str, Any]:
    """The schema, made from the shape of the file."""
    made = _tidy(Pack.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _ID, **made}


def text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _tidy(part: Any) -> Any:
    """Without `null`, which a file never says, and without the titles of single keys.

    Defaults go too: they are the inner values (thousandths, seconds), not what a file says.
    """
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {
        key: {name: _tidy(item) for name, item in value.items()}
        if key in {"properties", "$defs"}
        else _tidy(value)
        for key, value in part.items()
        if key not in {"default", "title"}
    }
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    choices = kept.get("anyOf")
    if isinstance(choices, list):
        choices = [one for one in choices if one != {"type": "null"}]
        if len(choices) == 1:
            del kept["anyOf"]
            kept = {**choices[0], **kept}
        else:
            kept["anyOf"] = choices
    return kept


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
