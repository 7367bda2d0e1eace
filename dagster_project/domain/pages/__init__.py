"""Pages for people: figures, tables and words in one file that opens anywhere, without a network."""

from dagster_project.domain.pages.page import Figure, Numbers, Page, Section, render

__all__ = ["Figure", "Numbers", "Page", "Section", "render"]
