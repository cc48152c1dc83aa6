"""The window of a live session: its overlay, its keys, its mouse."""
