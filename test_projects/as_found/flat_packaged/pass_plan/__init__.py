"""Plans of passes over a ground station."""
