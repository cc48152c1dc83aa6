"""People: who is who in a matte, and who stays."""
