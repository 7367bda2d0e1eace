from dagster_project.components.dbt_room import room_of_models

staging_models = room_of_models("staging")
