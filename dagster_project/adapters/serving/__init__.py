"""What Hoiva answers to when it is asked from outside."""
