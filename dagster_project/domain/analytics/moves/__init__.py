"""How customers move from one stage of the lifecycle to another, and how many did between two dates."""
