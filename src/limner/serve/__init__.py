"""A server of photos over HTTP: stands on assembly and processing, and trusts nobody who sends a request."""
