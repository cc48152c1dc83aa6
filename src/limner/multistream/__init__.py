"""Multistream: many sources at once, their frames batched into one net, each with its own effect, state and outputs."""
