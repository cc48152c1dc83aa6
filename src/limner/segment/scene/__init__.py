"""A known scene: the room without people."""
