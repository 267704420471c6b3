"""`python -m hatch_tilebox` is the command `hatch-tilebox`."""

from hatch_tilebox.cli import main

main()
