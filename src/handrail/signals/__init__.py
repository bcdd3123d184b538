"""What a text tells: signals that are read from the words of a message."""

from handrail.signals.extract import Extractor
from handrail.signals.repetition import Memory
from handrail.signals.topics import TopicMatcher

__all__ = ["Extractor", "Memory", "TopicMatcher"]
