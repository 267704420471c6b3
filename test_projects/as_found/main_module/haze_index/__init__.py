"""An index of haze."""
