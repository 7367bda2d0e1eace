import dagster as dg

from dagster_project.components.automation import REFRESH_ONCE_ITS_SOURCE_IS_NEW
from dagster_project.settings import settings


@dg.asset(deps=["published"], automation_condition=REFRESH_ONCE_ITS_SOURCE_IS_NEW, kinds={"html"})
def data_docs() -> dg.MaterializeResult:
    """What was expected of deliveries, customers and audiences and what held: `data_docs/index.html`, counts only."""
    from dagster_project.adapters.expectations import build_data_docs

    page = build_data_docs(settings()).relative_to(settings().at_home.root)
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(page))})
