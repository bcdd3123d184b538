"""The service over HTTP: who calls us, and what they are answered."""
