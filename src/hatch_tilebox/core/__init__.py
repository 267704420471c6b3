"""What every other module may import: small values and functions with no knowledge of workflows."""
