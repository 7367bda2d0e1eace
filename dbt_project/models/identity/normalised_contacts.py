# Grain: one version of one source record's contact data, in the one form that can be compared.
def model(dbt, session):
    dbt.config(materialized="table", database="vault")
    from dagster_project.domain.identity.contacts import PASSED_ON, WRITTEN, normalise_contacts
    from dagster_project.settings import settings

    contacts = dbt.ref("known_contacts").project(", ".join((*PASSED_ON, *WRITTEN))).order("contact_version_id")
    return normalise_contacts(contacts.to_arrow_table(), settings().phone_region)
