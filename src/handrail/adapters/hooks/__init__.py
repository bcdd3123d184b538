"""Webhooks out: what an event says, where it may go, how it is signed, sent and tried again."""
