"""What `handrail doctor` finds out about a service, on its machine or from afar.

It reads, and changes nothing. A line says what was looked at, how it is, and what mends it.
"""

from handrail.wiring.doctor.distant import ask
from handrail.wiring.doctor.examine import examine
from handrail.wiring.doctor.line import Level, Line

__all__ = ["Level", "Line", "ask", "examine"]
