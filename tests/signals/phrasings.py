"""Sentences that ask for a person and sentences that only look like it, one a line."""

ENGLISH = """
operator
agent
agent please
Agent!!!
human
human!!
HUMAN NOW
a human please
real person
real person please
representative
REPRESENTATIVE
live agent
live person pls
speak to a human
talk to human
talk to a real person
I want to talk to a real person
i want a human
I want a real human being
I need a human agent
give me a human
get me a manager
get me your supervisor
let me talk to your manager
let me speak with a supervisor please
can I speak to a manager?
can i talk to someone
could I talk to somebody about this?
may I please speak with a representative
is there a human I can talk to?
is there someone I can speak with
is there a real person there
are there any humans available?
any human there?
I'd like to speak to a person
I would like to talk to an actual person, not a bot
I'd rather talk to a human
I would prefer to deal with a person
I'd prefer a human agent
how do I reach a human
how can I get through to a person
how do i contact a live representative
what do I have to do to talk to a human here
transfer me
transfer me please
please transfer me to an agent
can you transfer me to someone who can help
connect me to a human
connect me with customer service
could you connect me with an advisor?
please put me through to a supervisor
put me on with a manager
pass me to a colleague of yours, a real person
hand me over to a human
forward me to an operator
switch me to a live agent
escalate this please
escalate this to your manager
I want to escalate my case
I'd like to be transferred to a supervisor
can I be connected to an agent
I don't want to talk to a bot
i do not want to speak with a machine
I don't want to chat with a robot anymore
no more bots
sick of talking to a machine, human please
this is useless, I want a person
stop. human. now.
I asked for a human
I'm asking for a real person
have someone call me
can someone call me please
have a manager call me back
can a human help me with this?
can a person look at this
let a human handle this
I need to get in touch with someone
I want to get hold of a person
customer service
customer support please
I need to speak to customer service
i need to speak with support
who can I talk to about this?
I demand to speak to a supervisor
I insist on speaking to a manager
I'd appreciate speaking with a human
just get me a person
hi, can I talk with a human
ok so can you get me an agent
yes please transfer me to a human agent
you're not helping, agent please
this isn't working. I need a real person.
I've been going in circles, let me talk to someone
my package is lost and I want to speak to a manager
I want to cancel my order and talk to an agent
i wnat to talk to an agnet
talk to a humna
speak to a represenative
i want to speek with an opertor
can i tlak to someone
conect me to a human
tranfer me to an agent
suport agent pls
speak tosomeone
i need an asistant to talk to
reprsentative
live suport
wanna talk to a person
gimme a human
lemme talk to a human
pls human
need agent
need to talk to a person
want to speak with a live person
trying to reach a human
I can't get through to a person
why can't I talk to a human
Can I please have a human?
I need human assistance
human support please
I'd like human help
please let me speak to a specialist
could somebody from your team call me
put a human on
is it possible to chat with a live agent
am I able to talk to a person
request human agent
chat with agent
connect to agent
""".strip().splitlines()

NOT_ENGLISH = """
can a human eat this?
is this safe for humans
are you a real person?
are you human
are you a bot or a human
am I talking to a real person?
am I speaking to a human or a machine
is this a human
is this a real person or a bot
so you're not a real person
I'm a real person
I'm not a robot
I am a human being
I am a travel agent
I work as a real estate agent
I'm a manager at a hotel
the agent told me to restart it
an agent told me yesterday that it was refunded
I spoke to a representative last week
I already talked to a human about this
I talked to someone yesterday
the last person I spoke with was rude
I need a real estate agent
I want to book a travel agent course
how do I become an agent
I need the number of human resources
human rights
it was human error
transfer my points
transfer my points to my wife
I want to transfer money to someone
can I transfer 50 dollars to my brother
transfer the file to the server
can I transfer my ticket to another person
I want to send a gift to someone
can someone else use my ticket
is there a person limit
how many people can I add
one person
2 people
I'd like a table for one person
price per person
I don't want to talk to a human
I do not want to be transferred to an agent
please don't transfer me
don't transfer me to anyone
I would prefer not to be transferred
no need to transfer me
no need for a human
can we do this without talking to an agent
I'd rather not speak to a person
can I do this without speaking to someone
what are your support hours
does the plan include support
I want support for my printer
my manager approved the refund
I need to talk to my manager first
my assistant will pick it up
someone stole my card
someone hacked my account
I want someone to fix my router
can you help me
help me please
can you talk
do you talk to people
he wants to talk to someone
you should talk to someone
contact form is broken
I can't contact the seller
what is the agent code
the property manager
I lost my operator license
change the name of the contact person
the person who ordered it is my mother
I am speaking for another person
the computer is broken
my robot vacuum does not work
I want to return this robot
cancel my account
the machine is broken
what does the human body need
hello
thanks agent
hi agent
hey assistant
who is the manager of this hotel
are your agents trained
you are a bad agent
I want to be a live agent
is there a fee for a second person
""".strip().splitlines()

SPANISH = """
agente
agente por favor
un humano
humano!!
una persona real
operador
quiero hablar con una persona
quiero hablar con un humano
quiero hablar con alguien
necesito hablar con un agente
quisiera hablar con un asesor
me gustaría hablar con una persona real
puedo hablar con un supervisor?
puedo hablar con alguien?
podría hablar con un representante por favor
hablar con un agente
hablar con una persona
páseme con un supervisor
pásame con un humano
paseme con alguien
comuníqueme con un asesor
comunicame con un agente
transfiérame a un agente
transfiereme con un humano por favor
conécteme con una persona
me puede comunicar con un agente?
me puedes pasar con una persona real
me podrías transferir con alguien?
me pueden poner en contacto con un agente
necesito que me comuniquen con un supervisor
quiero que me atienda una persona
que me atienda un humano
quiero un agente
quiero un humano ya
necesito un agente humano
necesito una persona real
deme un agente
hay alguien con quien pueda hablar?
hay algún humano ahí?
con quién puedo hablar
cómo puedo hablar con un agente?
cómo hablo con una persona
cómo me comunico con un asesor
no quiero hablar con un robot
no quiero hablar con una máquina
no quiero hablar con un bot, quiero una persona
basta de robots, quiero un humano
estoy harto de hablar con una máquina
exijo hablar con un supervisor
pido hablar con el encargado
prefiero hablar con una persona
prefiero un humano
atención al cliente por favor
quiero hablar con atención al cliente
esto no sirve, páseme con alguien
ya lo intenté, necesito hablar con alguien
quiero ablar con un ajente
necesito hablar con un humno
operadr
me puede llamar alguien?
que alguien me llame
que me llame un asesor
puede atenderme una persona
ayúdame a hablar con un agente
necesito ayuda para contactar con un agente
es posible hablar con un agente humano
déjeme hablar con su supervisor
déjame hablar con un humano
intento hablar con un agente
escale mi caso a un supervisor
ponme con un agente
me comunicas con un humano?
pásame con tu supervisor
contactar con un agente
quiero contactar a un agente
asesor por favor
""".strip().splitlines()

NOT_SPANISH = """
eres un robot?
eres una persona real?
eres humano o un bot
estoy hablando con una persona?
estoy hablando con un humano o con una máquina
esto lo lee una persona?
no soy un robot
soy una persona mayor
soy agente de viajes
soy humano
el agente me dijo que esperara
un agente me dijo que ya estaba
ayer hablé con un representante
ya hablé con una persona
puede un humano comer esto?
es seguro para humanos
recursos humanos
derechos humanos
quiero transferir mis puntos
quiero transferir dinero a una persona
transfiere mis puntos a otra cuenta
no quiero hablar con una persona
no quiero que me transfieran
no me transfieras
no me pases con nadie
prefiero no hablar con un agente
no necesito un agente
no hace falta hablar con un humano
sin hablar con un agente
cuánto cuesta por persona
una mesa para una persona
precio por persona
dos personas
alguien robó mi tarjeta
alguien usó mi cuenta
puedo añadir otra persona a la reserva
el responsable del pedido es mi padre
necesito un agente inmobiliario
el servicio no funciona
quiero contratar el servicio
tengo que hablar con mi jefe
gracias agente
hola
ayuda por favor
me puedes ayudar
el robot de cocina no funciona
quiero devolver la máquina
cambiar el nombre de la persona de contacto
""".strip().splitlines()
