"""Transcripts that people have, as conversations of core turns: read, never guessed at.

Formats: the uniform JSON lines, OpenAI-style chats, tau-bench and tau2-bench trajectories, Rasa
tracker dumps. What is malformed is reported with file and line, and left out.
"""

from handrail.importers.base import Conversation, Problem, Truth
from handrail.importers.read import FORMATS, detect, read, size

__all__ = ["FORMATS", "Conversation", "Problem", "Truth", "detect", "read", "size"]
