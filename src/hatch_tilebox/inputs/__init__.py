"""The inputs of tasks: described for people, and encoded as a worker reads them."""
