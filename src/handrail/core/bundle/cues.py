"""What a sentence asks, limits, promises or refuses: told by words of English and Spanish.

Where a text has none of them, its length and place decide (see `reading`).
"""

import re
from collections.abc import Callable


class _Cue:
    """Words that tell something of a sentence. `hints`: it has one of these, or the pattern, which
    costs far more, is not tried.
    """

    __slots__ = ("_hints", "_pattern", "_search")

    def __init__(self, pattern: str, hints: tuple[str, ...] = ()) -> None:
        self._pattern = pattern
        self._hints = hints
        self._search: Callable[[str], object] | None = None

    def __call__(self, text: str) -> bool:
        low = text.lower().replace("\u2019", "'")
        if self._hints and not any(map(low.__contains__, self._hints)):
            return False
        if self._search is None:  # compiled when first asked: who decides only, never pays
            self._search = re.compile(self._pattern).search
        return self._search(low) is not None


_REQUEST = _Cue(
    r"¿|\b(?:i (?:really )?(?:want|need|wish)|i(?:'d| would) (?:like|love|prefer)|we need|"
    r"want to|need to|like to|looking (?:for|to)|trying to|can you|could you|would you|can i|"
    r"could i|may i|help|how (?:do|can|to|much|many|long)|problem|issue|trouble|wrong|broken|"
    r"not working|does(?:n't| not) work|won't|can't|cannot|unable|cancel|refund|return|"
    r"exchange|change|quiero|necesito|quisiera|me gustar[ií]a|puede[ns]?|podr[ií]as?|ayuda|"
    r"problema|no funciona|no puedo|cancelar|reembolso|devolver|cambiar|c[oó]mo)\b",
)
_PERSON = _Cue(
    r"\b(?:human|person|representative|operator|supervisor|manager|somebody|someone|live agent|"
    r"real agent|agent|humano|persona|agente|operador|operadora|encargado|supervisora?)\b",
    hints=(
        "human",
        "person",
        "representative",
        "operator",
        "supervisor",
        "manager",
        "some",
        "agent",
        "operador",
        "encargado",
    ),
)
_TALK = _Cue(
    r"\b(?:talk|speak|connect|transfer|get|reach|put|chat|pass|hablar|p[aá]s[ae]me|comunicar|"
    r"transferir|contactar|atienda)\b",
)
_LIMIT = _Cue(
    r"\b(?:by (?:today|tonight|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    r"noon|midnight|the end of|\d)|before (?:today|tomorrow|monday|tuesday|wednesday|thursday|"
    r"friday|saturday|sunday|noon|\d|my (?:flight|trip|meeting))|within \d+|as soon as possible|"
    r"asap|urgent(?:ly)?|deadline|no later than|(?:do not|don't|please never|never) "
    r"(?:call|phone|email|text|contact|write|charge|cancel|share|touch|change|delete)|"
    r"only (?:by|via|through) (?:e?mail|phone|chat|text)|(?:no|not) more than|at most|under \$\d|"
    r"(?:my|our) budget|budget (?:of|is)|"
    r"antes de(?:l)? |para (?:hoy|mañana|el (?:lunes|martes|miércoles|jueves|viernes))|urgente|"
    r"cuanto antes|como muy tarde|no me (?:llame|llamen|escriba|escriban|cobren)|solo por "
    r"(?:correo|teléfono|chat|escrito)|no más de|como máximo|presupuesto)",
    hints=(
        "by ",
        "before ",
        "within ",
        "as soon as",
        "asap",
        "urgent",
        "deadline",
        "no later",
        "do not ",
        "don't ",
        "never ",
        "only ",
        "more than",
        "at most",
        "under $",
        "budget",
        "antes de",
        "para ",
        "cuanto antes",
        "tarde",
        "no me ",
        "solo por ",
        "no más",
        "máximo",
        "presupuesto",
    ),
)
_PROMISE = _Cue(
    r"\b(?:i(?:'ll| will| am going to| promise)|we(?:'ll| will| promise)|you(?:'ll| will) "
    r"(?:receive|get|be (?:refunded|credited|called|contacted))|voy a|vamos a|le (?:enviar[eé]|"
    r"llamaremos|llamar[eé]|reembolsaremos)|recibir[aá]|me encargar[eé]|prometo)\b",
    hints=(
        "'ll ",
        " will ",
        "going to",
        "promis",
        "voy a",
        "vamos a",
        "enviar",
        "llamar",
        "reembols",
        "recibir",
        "encargar",
        "promet",
    ),
)
_IDLE_PROMISE = _Cue(
    r"\b(?:if|once|please|could you|can you|would you|let me know|be (?:here|able|happy|glad)|help "
    r"you|assist|need|si me|cuando me)\b|\?",
)
_REFUSAL = _Cue(
    r"\b(?:(?:i|we)(?: am|'m| are|'re)? (?:can(?:not|'t)|(?:not )?unable to|not able to|not "
    r"allowed to)|can(?:not|'t) be|"
    r"(?:is|are)(?:n't| not) (?:eligible|allowed|possible|permitted)|not eligible|"
    r"(?:our|the|company) policy|policy (?:does|only|is)|no (?:puedo|podemos|es posible|est[aá] "
    r"permitido)|nuestra pol[ií]tica)\b",
    hints=(
        "can't",
        "cannot",
        "unable",
        "not able",
        "n't ",
        "not ",
        "policy",
        "no p",
        "no es",
        "no est",
        "política",
    ),
)
_TRANSFER = _Cue(
    r"\b(?:transfer(?:ring|red)?|connect(?:ing)?|pass(?:ing)?|hand(?:ing)?|escalat(?:e|ing)|paso|"
    r"transfiero|transferir|comunico)\b[^.?!]{0,40}\b(?:human|person|representative|specialist|"
    r"agent|colleague|persona|compañer[oa]|agente|especialista|humano)\b",
    hints=("transf", "connect", "pass", "hand", "escalat", "paso", "comunico"),
)
_LEAVING = _Cue(
    r"\b(?:thanks?|thank you|bye|goodbye|nice day|gracias|adiós|hasta luego)\b",
    hints=("thank", "bye", "nice day", "gracias", "adiós", "hasta luego"),
)


def leaves(text: str) -> bool:
    """Whether a customer only thanks or says goodbye."""
    return _LEAVING(text) and not requests(text)


def requests(text: str) -> bool:
    """Whether a sentence asks for something or tells of a trouble."""
    return "?" in text or _REQUEST(text)


def wants_person(text: str) -> bool:
    """Whether a sentence is about reaching a person."""
    return _PERSON(text) and _TALK(text)


def limits(text: str) -> bool:
    """Whether a customer's sentence sets a limit: a deadline, a sum, a way not to be reached."""
    return _LIMIT(text)


def promises(text: str) -> bool:
    """Whether an agent's sentence promises something, beside more of the same talk."""
    return _PROMISE(text) and not _IDLE_PROMISE(text)


def may_promise(text: str) -> bool:
    """Whether a whole text has the words of a promise in it."""
    return _PROMISE(text)


def refuses(text: str) -> bool:
    """Whether an agent's sentence tells what it may not or cannot do."""
    return _REFUSAL(text)


def announces(text: str) -> bool:
    """Whether an agent's sentence announces a transfer."""
    return _TRANSFER(text)
