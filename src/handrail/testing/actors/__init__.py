"""Who acts in a world: customers, the AI agent, and the people of the roster."""

from handrail.testing.actors.agent import Agent
from handrail.testing.actors.customer import Customer
from handrail.testing.actors.human import Human
from handrail.testing.actors.stage import Stage

__all__ = ["Agent", "Customer", "Human", "Stage"]
