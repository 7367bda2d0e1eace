"""What suppliers deliver: contracts, files and what became of them."""
