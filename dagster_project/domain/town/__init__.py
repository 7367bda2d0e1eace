"""The rooms behind :mod:`dagster_project.domain.synthetic`: people, what they do, and what each system writes down."""
