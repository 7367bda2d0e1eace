"""Erasure: whom a row names, how an identifier may be spelled, and what is told of a person who was forgotten."""
