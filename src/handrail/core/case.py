"""What was said and done, folded turn by turn into a few integers: O(1) a turn.

Law 7: everything is of the current episode; its start resets all but what the case itself is.
"""

from dataclasses import replace

from handrail.core.model import FULL, Role, Signals, value

MINUTE = 60_000
_RECENT = 500  # weight of the newest customer turn in the sentiment level, in thousandths
_CAP = 1_000_000_000  # keeps every counter in 32 bits, however long a case lives
_CUSTOMER, _AGENT = Role.CUSTOMER, Role.AGENT


@value
class CaseState:
    """The state of one episode. Counts are turns; times are milliseconds, 0 = unknown.

    `level` is the smoothed dissatisfaction (thousandths), `sentiment_run` how many customer
    turns in a row were dissatisfied (>= 500), `run_start` the level before that run. `topics`
    are the active sensitive topics. `whole` tells that the case was seen from its first turn.
    `stalled` counts turns that show a stall since the last progress.
    """

    turns: int = 0
    customer_turns: int = 0
    episode: int = 1
    whole: bool = True
    now: int = 0
    progress_at: int = 0
    no_progress_turns: int = 0
    repeats: int = 0
    stalled: int = 0
    tool_failures: int = 0
    sentiment_known: bool = False
    level: int = 0
    sentiment_run: int = 0
    run_start: int = 0
    confidence: int = -1
    topics: tuple[str, ...] = ()
    approvals_open: int = 0
    approval_since: int = 0
    offers: int = 0
    turns_since_offer: int = 0
    offer_open: bool = False
    agent_requests: int = 0
    language: str = ""


def start(*, whole: bool = True, language: str = "") -> CaseState:
    """The state of a case with no turn yet; not `whole` when its beginning was not seen."""
    return CaseState(whole=whole, language=language)


def offered(state: CaseState) -> CaseState:
    """The state after an offer was made to the customer."""
    return replace(state, offers=state.offers + 1, turns_since_offer=0, offer_open=True)


def boundary(state: CaseState) -> CaseState:
    """The first state of a new episode: nothing said before it can fire a trigger."""
    return CaseState(
        episode=state.episode + 1,
        whole=False,
        now=state.now,
        language=state.language,
    )


def observe(state: CaseState, signals: Signals) -> CaseState:
    """Fold one turn into the state. Time never runs backwards: a late turn counts as now."""
    if signals.episode_started:
        state = boundary(state)
    now = state.now if signals.at is None else max(state.now, signals.at)
    customer = signals.role is _CUSTOMER
    progress = signals.progress or signals.tool_succeeded
    known, level, run, run_start = (
        _sentiment(state, signals)
        if customer
        else (state.sentiment_known, state.level, state.sentiment_run, state.run_start)
    )
    approvals, since = _approvals(state, signals, now)
    return CaseState(
        turns=_more(state.turns),
        customer_turns=_more(state.customer_turns, customer),
        episode=state.episode,
        whole=state.whole,
        now=now,
        progress_at=now if progress or state.progress_at == 0 else state.progress_at,
        no_progress_turns=0 if progress else _more(state.no_progress_turns, customer),
        repeats=0 if progress else _more(state.repeats, customer and signals.repeated),
        stalled=0 if progress else _more(state.stalled, signals.stalled),
        tool_failures=_failures(state.tool_failures, signals),
        sentiment_known=known,
        level=level,
        sentiment_run=run,
        run_start=run_start,
        confidence=_confidence(state.confidence, signals),
        topics=_union(state.topics, signals.topics) if signals.topics else state.topics,
        approvals_open=approvals,
        approval_since=since,
        offers=state.offers,
        turns_since_offer=_more(state.turns_since_offer, customer),
        offer_open=(
            state.offer_open
            and not customer  # a customer who goes on to something else lets the offer lapse
            and not (signals.offer_accepted or signals.offer_declined or signals.offer_expired)
        ),
        agent_requests=_more(state.agent_requests, signals.agent_request),
        language=signals.language or state.language,
    )


def _more(count: int, more: bool = True) -> int:
    """A counter, one higher or as it was."""
    return count + more if count < _CAP else _CAP


def _sentiment(state: CaseState, signals: Signals) -> tuple[bool, int, int, int]:
    """Whether there is a level, the level, the run and the level before it, after a customer's
    turn.
    """
    newest = signals.dissatisfaction
    if newest is None:
        return False, state.level, state.sentiment_run, state.run_start
    if not state.sentiment_known and not state.level:  # the first: nothing to have risen from
        return True, newest, int(newest >= FULL // 2), newest
    level = (newest * _RECENT + state.level * (FULL - _RECENT)) // FULL
    if newest < FULL // 2:
        return True, level, 0, level
    run_start = state.run_start if state.sentiment_run else state.level
    return True, level, _more(state.sentiment_run), run_start


def _approvals(state: CaseState, signals: Signals, now: int) -> tuple[int, int]:
    """Approvals that are open, and since when any is."""
    approvals = max(0, state.approvals_open - signals.approvals_settled)
    since = state.approval_since if approvals else 0
    if signals.approvals_requested and not since:
        since = now
    return min(approvals + signals.approvals_requested, _CAP), since


def _failures(count: int, signals: Signals) -> int:
    """Tool failures in a row: only a success breaks the row."""
    if signals.tool_failed:
        return _more(count)
    return 0 if signals.tool_succeeded else count


def _confidence(before: int, signals: Signals) -> int:
    """Confidence of the last agent turn; -1 when it had none."""
    if signals.role is not _AGENT:
        return before
    return -1 if signals.confidence is None else signals.confidence


def _union(before: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*before, *now}))
