"""The folder that is added to the path of a starting worker, until its first module has run. It holds that module only."""
