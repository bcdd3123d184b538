"""The context that is handed over with a case."""
