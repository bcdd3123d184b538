"""From a turn to a person who is accountable: the one path through the rules."""

from handrail.engine.deployment import Deployment, deploy
from handrail.engine.engine import Engine
from handrail.engine.gate import MESSAGE, Barred
from handrail.engine.reply import Reply, Told

__all__ = ["MESSAGE", "Barred", "Deployment", "Engine", "Reply", "Told", "deploy"]
