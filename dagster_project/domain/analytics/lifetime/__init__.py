"""What each customer is likely to buy from now on: how often, for how much, and whether they are still there."""
