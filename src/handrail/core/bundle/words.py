"""The fixed words of a bundle, in the languages that it is written in."""

from collections.abc import Mapping

from handrail.core.model import Reason, Trigger

_MILLI = frozenset({Trigger.NEGATIVE_SENTIMENT, Trigger.HANDOFF_SCORE, Trigger.SENSITIVE_TOPIC})

_EN = {
    "wants": "The customer wants: “{quote}”",
    "task": "The agent was at: “{quote}”",
    "later": "Later they asked: “{quote}”",
    "references": "References: {list}.",
    "nothing_tried": "The agent had done nothing yet.",
    "failed": "Failed: {list}.",
    "done": "Done: {list}.",
    "answered": "The agent last said: “{quote}”",
    "unanswered": "Not answered yet: “{quote}”",
    "question": "The agent asked and waits for: “{quote}”",
    "promise": "The agent promised: “{quote}”",
    "handover": "The agent passed it on with: “{quote}”",
    "announced": "The agent announced a transfer.",
    "why": "Handed over because {why}.",
    "and": "; also ",
    "times": "{what} {count} times",
    "no_sources": "No source was cited and no tool result used in the turns read ({turns}).",
    "no_limits": "No limit, promise or open approval was found in the turns read ({turns}).",
    "no_actions": "No tool call and no reply of the agent in the turns read ({turns}).",
    "tool_result": "Result of `{tool}`",
    "open_approval": "{count} approval(s) still open: do not act on them without a decision.",
    "violation": "A policy violation was reported: do not repeat the action.",
    "permission": "The agent has no permission for {what}.",
    "limit": "The customer's limit: “{quote}”",
    "refused": "The agent told the customer: “{quote}”",
    "retry": "Do by hand what `{tool}` could not{detail}: it failed{count} with “{result}”.",
    "retry_silent": "Do by hand what `{tool}` could not{detail}: it failed{count}, with no text.",
    "find": "Find what `{tool}` did not{detail}: “{result}”.",
    "find_silent": "Find what `{tool}` did not{detail}.",
    "grant": "Run `{tool}`{detail} yourself or have the right granted: the agent may not.",
    "pending": "Check what came of `{tool}`{detail}: no result was seen.",
    "decide": "Decide on the approval that has waited {minutes} minutes, asked in turn {turn}.",
    "renew": "Decide on the expired approval asked in turn {turn}, or ask for it again.",
    "answer": "Answer the customer: “{quote}”",
    "take_up": "Take up what the agent could not do: “{quote}”",
    "await": "Take up the agent's open question: “{quote}”",
    "keep": "Keep or take back the agent's promise: “{quote}”",
    "respect": "Act within the customer's limit: “{quote}”",
    "check": "Check the agent's answer before you build on it: “{quote}”",
    "resume": "Go on with {reference} for: “{quote}”",
    "you_asked": "You asked: “{quote}”",
    "person": "A person takes over and has our conversation at hand.",
}
_ES = {
    "wants": "El cliente quiere: «{quote}»",
    "task": "El agente estaba en: «{quote}»",
    "later": "Después pidió: «{quote}»",
    "references": "Referencias: {list}.",
    "nothing_tried": "El agente aún no había hecho nada.",
    "failed": "Falló: {list}.",
    "done": "Hecho: {list}.",
    "answered": "Lo último que dijo el agente: «{quote}»",
    "unanswered": "Sin respuesta todavía: «{quote}»",
    "question": "El agente preguntó y espera: «{quote}»",
    "promise": "El agente prometió: «{quote}»",
    "handover": "El agente lo pasó con: «{quote}»",
    "announced": "El agente anunció un traspaso.",
    "why": "Se traspasa porque {why}.",
    "and": "; además, ",
    "times": "{what} {count} veces",
    "no_sources": "No se citó ninguna fuente ni resultado en los turnos leídos ({turns}).",
    "no_limits": "Sin límites, promesas ni aprobaciones abiertas en los turnos leídos ({turns}).",
    "no_actions": "Ninguna acción ni respuesta del agente en los turnos leídos ({turns}).",
    "tool_result": "Resultado de `{tool}`",
    "open_approval": "{count} aprobación(es) sin decidir: no actúe sobre ellas sin decisión.",
    "violation": "Se informó de una infracción de la política: no repita la acción.",
    "permission": "El agente no tiene permiso para {what}.",
    "limit": "Límite del cliente: «{quote}»",
    "refused": "El agente dijo al cliente: «{quote}»",
    "retry": "Haga a mano lo que `{tool}` no pudo{detail}: falló{count} con «{result}».",
    "retry_silent": "Haga a mano lo que `{tool}` no pudo{detail}: falló{count}, sin mensaje.",
    "find": "Busque lo que `{tool}` no encontró{detail}: «{result}».",
    "find_silent": "Busque lo que `{tool}` no encontró{detail}.",
    "grant": "Ejecute `{tool}`{detail} o haga que se dé el permiso: el agente no puede.",
    "pending": "Compruebe qué fue de `{tool}`{detail}: no se vio resultado.",
    "decide": "Decida la aprobación que espera {minutes} minutos, pedida en el turno {turn}.",
    "renew": "Decida la aprobación caducada del turno {turn}, o pídala de nuevo.",
    "answer": "Responda al cliente: «{quote}»",
    "take_up": "Retome lo que el agente no pudo hacer: «{quote}»",
    "await": "Retome la pregunta abierta del agente: «{quote}»",
    "keep": "Cumpla o retire la promesa del agente: «{quote}»",
    "respect": "Respete el límite del cliente: «{quote}»",
    "check": "Compruebe la respuesta del agente antes de apoyarse en ella: «{quote}»",
    "resume": "Siga con {reference} para: «{quote}»",
    "you_asked": "Usted preguntó: «{quote}»",
    "person": "Una persona sigue con usted y tiene a mano nuestra conversación.",
}
_WHY_EN = {
    Trigger.EXPLICIT_REQUEST: "the customer asked for a person",
    Trigger.POLICY_VIOLATION: "a policy violation was reported",
    Trigger.SENSITIVE_TOPIC: "the sensitive topic `{detail}` came up (risk {value})",
    Trigger.MISSING_PERMISSION: "the agent lacks a permission",
    Trigger.BLOCKED_APPROVAL: "an approval has waited {value} minutes (limit {threshold})",
    Trigger.APPROVAL_EXPIRED: "an approval ran out unanswered",
    Trigger.TOOL_FAILURE: "{value} tool calls failed in a row (limit {threshold})",
    Trigger.MISSING_DATA: "data that the task needs was not found",
    Trigger.LOW_CONFIDENCE: "the agent was {value} sure of its answer (line {threshold})",
    Trigger.NEGATIVE_SENTIMENT: "dissatisfaction is {value} (line {threshold}) in a stuck talk",
    Trigger.VIP: "the customer's tier is `{detail}`",
    Trigger.LATE_STAGE: "the deal is in stage `{detail}`",
    Trigger.NO_PROGRESS: "there was no progress for {value} {detail} (limit {threshold})",
    Trigger.AGENT_REQUEST: "the agent itself asked to transfer",
    Trigger.CUSTOM_CONDITION: "the condition `{detail}` holds",
    Trigger.HANDOFF_SCORE: "the handoff score is {value} (line {threshold})",
    Trigger.OPERATOR_TAKEOVER: "a human took over",
}
_WHY_ES = {
    Trigger.EXPLICIT_REQUEST: "el cliente pidió una persona",
    Trigger.POLICY_VIOLATION: "se informó de una infracción de la política",
    Trigger.SENSITIVE_TOPIC: "surgió el tema delicado `{detail}` (riesgo {value})",
    Trigger.MISSING_PERMISSION: "al agente le falta un permiso",
    Trigger.BLOCKED_APPROVAL: "una aprobación lleva {value} minutos (límite {threshold})",
    Trigger.APPROVAL_EXPIRED: "una aprobación caducó sin respuesta",
    Trigger.TOOL_FAILURE: "{value} llamadas seguidas fallaron (límite {threshold})",
    Trigger.MISSING_DATA: "no se encontraron datos necesarios",
    Trigger.LOW_CONFIDENCE: "el agente tenía {value} de seguridad (límite {threshold})",
    Trigger.NEGATIVE_SENTIMENT: "el descontento es {value} (límite {threshold}) y no se avanza",
    Trigger.VIP: "el nivel del cliente es `{detail}`",
    Trigger.LATE_STAGE: "la venta está en la fase `{detail}`",
    Trigger.NO_PROGRESS: "no hubo avance en {value} {detail} (límite {threshold})",
    Trigger.AGENT_REQUEST: "el propio agente pidió el traspaso",
    Trigger.CUSTOM_CONDITION: "se cumple la condición `{detail}`",
    Trigger.HANDOFF_SCORE: "la puntuación es {value} (límite {threshold})",
    Trigger.OPERATOR_TAKEOVER: "una persona tomó el caso",
}
_MEASURES = {
    "en": {"turns": "customer turns", "minutes": "minutes", "repeats": "repeats of the same wish"},
    "es": {"turns": "turnos del cliente", "minutes": "minutos", "repeats": "repeticiones"},
}
_WORDS = {"en": (_EN, _WHY_EN), "es": (_ES, _WHY_ES)}


def spoken(language: str) -> str:
    """The language that is written for a case: its own if there are words for it, else English."""
    base = language.split("-", 1)[0].lower()
    return base if base in _WORDS else "en"


def fixed(language: str) -> Mapping[str, str]:
    """The words of `spoken(language)`, with names in braces."""
    return _WORDS[spoken(language)][0]


def why(reason: Reason, language: str) -> str:
    """A reason in plain words, with its numbers: shares as percent."""
    base = spoken(language)
    detail = _MEASURES[base].get(reason.detail, reason.detail)
    percent = reason.trigger in _MILLI or reason.trigger is Trigger.LOW_CONFIDENCE
    number, line = (
        (f"{reason.value / 10:g} %", f"{reason.threshold / 10:g} %")
        if percent
        else (str(reason.value), str(reason.threshold))
    )
    template = _WORDS[base][1][reason.trigger]
    return template.format(detail=detail, value=number, threshold=line)
