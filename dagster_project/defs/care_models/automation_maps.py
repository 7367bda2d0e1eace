import dagster as dg

from dagster_project.components.running import WAREHOUSE_POOL, read_table
from dagster_project.settings import settings


@dg.asset(pool=WAREHOUSE_POOL, deps=["standings", "transitions"], kinds={"html"})
def automation_maps() -> dg.MaterializeResult:
    """Every care model as a picture with live counts: `published/maps/<care_model>.html`, and one overview of all."""
    from dagster_project.adapters.pages import published_map, write_maps
    from dagster_project.components.drawing_maps import maps_of, shipped_models

    models = shipped_models()
    files = maps_of(models, read_table("care_models", "standings"), read_table("care_models", "transitions"))
    write_maps(settings(), files)
    pages = {model.care_model: published_map(settings(), f"{model.care_model}.html") for model in models}
    return dg.MaterializeResult(
        metadata={
            "overview": dg.MetadataValue.path(published_map(settings(), "overview.html")),
            **{name: dg.MetadataValue.path(page) for name, page in pages.items()},
        }
    )
