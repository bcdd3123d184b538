"""The clocks of a case and what is due when."""
