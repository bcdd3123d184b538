"""Who owns a case, and the commands that change it."""
