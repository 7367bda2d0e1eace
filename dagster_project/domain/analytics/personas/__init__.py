"""Who the customers are as people to talk to: named personas, each with its confidence and the evidence for it."""
