"""Streams: sources on the network read as cameras are, and targets that are sent to, both opened again when lost."""
