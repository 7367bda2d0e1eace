from dagster_project.components.dbt_room import room_of_models

unified_models = room_of_models("unified")
