"""What hatch and hatchling load: each translates a frontend's call into one call below, and errors into its way of failing."""
