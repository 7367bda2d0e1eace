"""Keeping the house sound: what can be wrong with a home, how bad it is, and how it mends."""
