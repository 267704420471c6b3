"""Spectral indices."""


def normalized_burn_ratio(nir: float, swir: float) -> float:
    """(NIR - SWIR) / (NIR + SWIR), 0 where both are 0."""
    return (nir - swir) / (nir + swir) if nir + swir else 0.0


def severity(before: float, after: float) -> str:
    """The class of the difference of two burn ratios."""
    difference = before - after
    if difference < 0.1:
        return "unburned"
    return "low" if difference < 0.27 else "moderate" if difference < 0.66 else "high"
