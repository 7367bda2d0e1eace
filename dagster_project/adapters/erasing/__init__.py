"""Erasing: a person is stopped at once, let go everywhere, and looked for in every byte that is left."""
