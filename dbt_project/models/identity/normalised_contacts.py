# Grain: one version of one source record's contact data. Its e-mail and phone in the one form that can be compared.
def model(dbt, session):
    dbt.config(materialized="table", database="vault")
    from dagster_project.domain.identity.contacts import normalise_contacts
    from dagster_project.settings import settings

    written = "contact_version_id, source_record_id, email_raw, phone_raw, occurred_at, known_at"
    contacts = dbt.ref("known_contacts").project(written).order("contact_version_id").to_arrow_table()
    return normalise_contacts(contacts, settings().phone_region)
