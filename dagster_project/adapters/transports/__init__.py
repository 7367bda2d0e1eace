"""Ways out of the house: each carries published batches to where their tool waits, whole, in order, once."""
