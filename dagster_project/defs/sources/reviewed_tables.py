from dagster_project.components.dbt_room import room_of_models

reviewed_tables = room_of_models("reviewed_tables", select="resource_type:seed")
