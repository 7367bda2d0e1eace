# Grain: one pair of source records that share an identifier and were not joined, with the rule that held it.
def model(dbt, session):
    dbt.config(materialized="table")
    from dagster_project.domain.identity.clusters import resolve
    from dagster_project.settings import settings

    records = dbt.ref("source_records").project("source_record_id, is_cookie, first_seen_at")
    identifiers = dbt.ref("identifiers").project(
        "source_record_id, identifier_kind, identifier_value, first_occurred_at"
    )
    return resolve(records.to_arrow_table(), identifiers.to_arrow_table(), settings().identity_salt).held_matches
