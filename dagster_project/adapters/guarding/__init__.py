"""A guard in front of the Dagster UI: it asks for a login and turns away what another page sends."""
