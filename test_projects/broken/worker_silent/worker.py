"""A worker command that serves nobody."""

import time

time.sleep(600)
