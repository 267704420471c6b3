"""Why a workflow did not start: what went wrong is matched with what the project has, and explained."""
