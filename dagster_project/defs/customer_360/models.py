from dagster_project.components.dbt_room import room_of_models

customer_360_models = room_of_models("customer_360")
