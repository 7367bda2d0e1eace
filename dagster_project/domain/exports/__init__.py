"""Exports: what leaves the house, in the form each receiving tool expects, as adds and removes, with a manifest."""
