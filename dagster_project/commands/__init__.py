"""The commands of ``hoiva`` that try care models without effect: stories, plans, backtests, maps."""
