"""Who is who: written contact data in one form, and the records that belong to one customer."""
