"""Which queue and which person get a case."""
