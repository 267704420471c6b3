"""Written for a release of tilebox-workflows before there were runners."""

runner = None
