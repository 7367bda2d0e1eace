# Grain: one customer who shares a postal address with others. The household they are of.
def model(dbt, session):
    dbt.config(materialized="table")
    from dagster_project.domain.identity.households import ASKED, households_of
    from dagster_project.settings import settings

    addresses = dbt.ref("contact_points").project(", ".join(ASKED)).order("customer_id").to_arrow_table()
    return households_of(addresses, settings().identity_salt, settings().phone_region)
