"""Reading what people write: sentences, quotes at word ends, references."""

import re

_MARKUP = re.compile(r"[*_`#>]{2,}|[`*]")
_END = re.compile(r"[.!?…][\"”')]*\s|\n")
_SENTENCES = 24
_HELLO = re.compile(
    r"^\W*(?:hi|hello|hey|dear \w+|good (?:morning|afternoon|evening|day)|hola|buen[oa]s"
    r"(?: d[ií]as| tardes| noches)?|greetings)\b(?: there| all| team| everyone)?[\s,.!:;–—-]*",
    re.IGNORECASE,
)
_FILLERS = (
    "yes yeah yep ok okay sure thanks thank you great no nope perfect good fine correct right "
    "please so much very the and for your help bye goodbye hello hi there hey that is it thats all "
    "sí si vale gracias claro de acuerdo bien perfecto no por favor muchas adiós hola todo eso "
    "es i see got it awesome alright exactly cool buenos buenas días tardes noches morning "
    "afternoon evening stop confirm confirmo"
)
_EMPTY = frozenset(_FILLERS.split())
_SIGNS = " \t.,;:!?¡¿\"'“”‘’«»()[]{}#*_-–—…/\\"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_URL = re.compile(r"https?://[^\s<>\"')\]]{3,200}")
_DOCUMENTS = ("article", "doc", "section", "policy", "clause", "KB", "FAQ", "artículo", "sección",
              "cláusula")  # fmt: skip
_DOCUMENT = re.compile(
    r"\b(?:article|document|doc|section|policy|clause|KB|FAQ|artículo|documento|sección|cláusula)"
    r"[ -]?(?:no\.? ?|n[úu]mero |#|id:? ?)?[A-Z]{0,4}-?\d[\w.-]{0,20}"
)
_REFERENCE = re.compile(
    r"#[A-Za-z]{0,4}\d[\w-]{2,24}|\b[A-Z]{1,5}-\d[A-Z0-9-]*\b"
    r"|\b[A-Z0-9]{2,}-?[A-Z0-9-]*\d[A-Z0-9-]*\b|\b[a-z]+(?:_[a-z0-9]+)*_\d{2,}\b"
)
_STRING = re.compile(r":\s*\"([^\"\\]{3,})")
_DIGIT = re.compile(r"[0-9]")
_DATE = re.compile(r"[\d-]+$|\d{4}-\d{2}-\d{2}")
_FIGURE = re.compile(r"\d[\d.,]*\d{2}|\d{3,}")
_ARGUMENT = re.compile(
    r"\"(\w{0,30}(?:id|number|code|reference|key|sku))\"\s*:\s*\"?([\w#@.:+-]{3,40})",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Without markup and with single spaces."""
    return " ".join(_MARKUP.sub("", text).split())


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, cut at the end of a word; a first word that is longer is cut."""
    text = " ".join(text[: 4 * limit].split()).rstrip(' ,"')
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at = cut.rfind(" ")
    return (cut[:at].rstrip(" ,;:.-–—(") if at > 0 else cut) + "…"


def sentences(text: str) -> list[str]:
    """The sentences of a text, without markup, at most the first few."""
    if "*" in text or "`" in text or "##" in text or "__" in text or ">>" in text:
        text = _MARKUP.sub("", text)
    found, at = [], 0
    for end in _END.finditer(text):
        found.append(text[at : end.end()])
        at = end.end()
        if len(found) == _SENTENCES:
            break
    else:
        found.append(text[at:])
    return [one for part in found if (one := " ".join(part.split())).strip(_SIGNS)]


def words(text: str) -> int:
    """Words as a reader counts them."""
    return len(text.split())


def body(text: str) -> str:
    """A message without its greeting."""
    return text[found.end() :] if (found := _HELLO.match(text)) else text


def substantive(text: str, least: int = 2) -> bool:
    """Whether a message says anything beside greeting, thanking and agreeing."""
    told: set[str] = set()
    for word in text[:300].split():
        said = word.strip(_SIGNS).lower()
        if said and said not in _EMPTY and said not in told:
            told.add(said)
            if len(told) >= least:
                return True
    return False


def cited(text: str) -> list[str]:
    """Addresses and documents that a text names."""
    addresses = _URL.findall(text) if "://" in text else []
    found = _DOCUMENT.findall(text) if any(map(text.__contains__, _DOCUMENTS)) else []
    return [one.rstrip(".,;:") for one in (*addresses, *found)]


def references(text: str) -> list[str]:
    """Numbers of orders, bookings and accounts as a person writes them."""
    if _DIGIT.search(text) is None:
        return []
    told = [word for word in text.split() if not word.isalpha() and _DIGIT.search(word)]
    return [one for word in told for one in _REFERENCE.findall(word) if _is_reference(one)]


def arguments(text: str) -> list[tuple[str, str]]:
    """Names and values of the identifiers in the arguments of a tool."""
    return _ARGUMENT.findall(text) if text else []


def told(args: str) -> str:
    """The longest text among the arguments of a tool."""
    found: list[str] = _STRING.findall(args[:1_200]) if args[:1] == "{" else [args]
    return max((one for one in found if substantive(one)), key=len, default="")


def _is_reference(text: str) -> bool:
    """No year, date, clock time or small number."""
    if text.isdigit():
        return len(text) >= 5
    return len(text) >= 5 and _DATE.match(text) is None


def figures(text: str) -> list[str]:
    """Numbers of three digits and more, and references: what a writer must not invent."""
    return list(dict.fromkeys((*references(text), *_FIGURE.findall(text))))


def rare(text: str) -> list[str]:
    """Words that stand for something: long ones and references."""
    return [*references(text), *(one for one in _WORD.findall(text) if len(one) >= 7)]
