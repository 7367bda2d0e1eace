"""What each customer is likely to buy next of what they do not have, and why."""
