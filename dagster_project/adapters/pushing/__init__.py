"""Platforms that are told by their API: a published batch, page by page, each page's fate in the ledger."""
