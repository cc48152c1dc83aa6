"""Losses: what a net is told about its prediction."""
