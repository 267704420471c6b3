"""Never started."""
