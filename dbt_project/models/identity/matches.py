# Grain: one pair of source records and one rule that speaks for them: (source_record_id_a, source_record_id_b, rule).
def model(dbt, session):
    dbt.config(materialized="table")
    from dagster_project.components.match_rules import load_match_rules, load_probable_model
    from dagster_project.domain.identity.matching import COOKIE_EVIDENCE, RECORDS, find_matches, versions_read

    rules = load_match_rules()
    evidence = dbt.ref("identifiers").filter("identifier_kind in ('cookie_login', 'cookie_order')")
    return find_matches(
        dbt.ref("source_records").project(", ".join(RECORDS)).to_arrow_table(),
        dbt.ref("record_versions").project(", ".join(versions_read(rules))).to_arrow_table(),
        evidence.project(", ".join(COOKIE_EVIDENCE)).to_arrow_table(),
        dbt.ref("standing_answers").to_arrow_table(),
        rules,
        load_probable_model(rules),
    )
