# Grain: one source record. The customer it belongs to.
def model(dbt, session):
    dbt.config(materialized="table")
    from dagster_project.domain.identity.clusters import clusters_of
    from dagster_project.domain.identity.matching import RECORDS
    from dagster_project.settings import settings

    records = dbt.ref("source_records").project(", ".join(RECORDS)).to_arrow_table()
    joined = dbt.ref("matches").filter("reason is null").project("source_record_id_a, source_record_id_b, reason")
    return clusters_of(records, joined.to_arrow_table(), settings().identity_salt)
