from dagster_project.components.audiences import memberships_of, trigger_lists_of
from dagster_project.components.care_model import load_care_models
from dagster_project.components.destination import load_destinations

trigger_lists = trigger_lists_of(list(load_care_models().items))
membership_audiences = memberships_of([file.to_destination() for file in load_destinations().items.values()])
