"""Who will buy nothing within the next three months, how surely that is known, and why it is thought of each."""
