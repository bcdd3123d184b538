"""A chat agent in a plain loop: no framework, no model, no key of anybody but Handrail.

HANDRAIL_URL=http://127.0.0.1:8177 HANDRAIL_KEY=hr_… python examples/chat.py [CASE]
"""

import sys

from handrail.agents.client import Case, Client

ORDERS = {"77120": "on its way, due on Friday", "77121": "waiting for the carrier"}


def model(text: str) -> tuple[str, float]:
    """What your language model would do: an answer, and how sure it is of it."""
    for order, state in ORDERS.items():
        if order in text:
            return f"Order {order} is {state}.", 0.95
    return "Could you give me the number of your order?", 0.6


def chat(case: Case) -> None:
    """One conversation, until the input ends."""
    for text in sys.stdin:
        if case.heard(text.strip()).ai_may_speak:  # decided, and handed over if it must be
            answer, sure = model(text)
            case.say(answer, confidence=sure)  # leaves only if the AI still may speak
        for line in case.read():  # answers, notices, what people write: in order
            print(f"{line.by}: {line.text}", flush=True)


def work(case: Case) -> None:
    """What a person has planned for the AI: each step once, and nothing else."""
    for step in case.plan():
        case.begin(step.id)
        if case.admit(step.action):
            print(f"does: {step.action}", flush=True)
            case.report(step.id, "done")


if __name__ == "__main__":
    with Client() as client:
        mine = client.case(sys.argv[1] if len(sys.argv) > 1 else "chat-1")
        chat(mine)
        work(mine)
