"""Runtimes: one file each, behind the protocol in base.py; loading.py chooses."""
