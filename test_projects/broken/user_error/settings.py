"""Settings of the workflow."""


def load(values: dict[str, int]) -> int:
    return _check(values)


def _check(values: dict[str, int]) -> int:
    return values["resolution"]
