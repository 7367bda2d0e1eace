"""Names and texts as SQL has them, whatever stands in them."""


def name_sql(name: str) -> str:
    """A column's name as SQL has it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def text_sql(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"
