"""For programs that talk to customers or act for them: the client."""
