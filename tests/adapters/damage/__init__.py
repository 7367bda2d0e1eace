"""A generator of broken deliveries that knows how many records it wrote and which of them it damaged."""
