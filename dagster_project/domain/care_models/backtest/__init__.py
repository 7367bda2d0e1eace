"""A care model on the past: what it would have done, to whom, how early, at what cost."""
