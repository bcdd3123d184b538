"""What the customers and agents of a simulated world say: small sets of our own, in two languages.

Whoever asks for a person here asks in words that Handrail must hear; a test holds it to that.
"""

from collections.abc import Mapping

CARD = "4111 1111 1111 1111"
"""The number of a card that nobody has: it must never be seen in a bundle."""

Words = Mapping[str, tuple[str, ...]]

EN: Words = {
    "hello": (
        "Hi, my parcel has not come yet.",
        "Good morning, I have a question about my invoice.",
        "The lamp that I bought does not light up.",
        "Could you tell me when the next delivery is?",
    ),
    "more": (
        "The number is 88213.",
        "I bought it last Tuesday.",
        "It is the blue one, the larger of the two.",
        f"You can put it on my card {CARD} if you like.",
        "And what about the second parcel?",
    ),
    "angry": (
        "This is ridiculous, it still does not work!",
        "I have told you that three times now, this is useless.",
        "Terrible service. I am really fed up with this.",
        "You are not helping me at all!",
    ),
    "asks": (
        "I want to talk to a human.",
        "Let me speak to a real person, please.",
        "Can you connect me with a human agent?",
    ),
    "topic": (
        "I think that my account was hacked.",
        "My lawyer will write to you about this.",
        "Please delete all my personal data.",
        "Can you give me a discount on this?",
    ),
    "yes": ("Yes, please.",),
    "no": ("No, thanks.",),
    "thanks": ("Thank you, that is all.", "Great, it works now."),
}
ES: Words = {
    "hello": (
        "Hola, mi paquete no ha llegado todavía.",
        "Buenos días, tengo una pregunta sobre mi factura.",
        "La lámpara que compré no se enciende.",
    ),
    "more": (
        "El número es el 88213.",
        "La compré el martes pasado.",
        f"Lo puede cobrar de mi tarjeta {CARD}.",
        "¿Y qué pasa con el segundo paquete?",
    ),
    "angry": (
        "¡Esto es una vergüenza, sigue sin funcionar!",
        "Ya se lo he dicho tres veces, no sirve para nada.",
        "Un servicio pésimo, estoy harto.",
    ),
    "asks": (
        "Quiero hablar con una persona.",
        "Páseme con un agente humano, por favor.",
    ),
    "topic": (
        "Creo que me han hackeado la cuenta.",
        "Mi abogado les va a escribir.",
        "Borren todos mis datos personales.",
    ),
    "yes": ("Sí, por favor.",),
    "no": ("No, gracias.",),
    "thanks": ("Gracias, eso es todo.", "Perfecto, ya funciona."),
}
LANGUAGES: Mapping[str, Words] = {"en": EN, "es": ES}

AGENT: tuple[str, ...] = (
    "Let me look that up for you.",
    "I have found it: it leaves tomorrow.",
    "Could you tell me the number of the order?",
    "That is noted, thank you.",
)
PROMISES: tuple[str, ...] = (
    "I am transferring you to a human agent now.",
    "I will connect you with one of our colleagues right away.",
)
HUMAN: tuple[str, ...] = (
    "Good morning, I have your case before me.",
    "I have looked at it and will see to it today.",
    "That is done now.",
)
