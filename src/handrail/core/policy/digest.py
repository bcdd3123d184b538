"""The digest of a pack: what every decision names, and what it replays by."""

import hashlib
import json
from dataclasses import replace

from handrail.core.policy.pack import Pack
from handrail.core.record import plain


def digest(pack: Pack) -> str:
    """`sha256:` and the hash of the pack as canonical JSON, without its cases.

    Keys are sorted and a field that has its default is left out, so that a field added later
    changes no digest; therefore a default never changes under one format version. How the base
    is named does not count, what it says does.
    """
    rest = replace(
        pack,
        cases=(),
        extends="",
        workflows=tuple(
            replace(workflow, rules=replace(workflow.rules, digest=""))
            for workflow in pack.workflows
        ),
    )
    text = json.dumps(
        plain(rest), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
