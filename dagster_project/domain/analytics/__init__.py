"""What the base looks like and where each customer stands in it: value, rhythm, lifecycle, segments."""
