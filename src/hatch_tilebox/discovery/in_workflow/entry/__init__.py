"""The one folder that a worker under proof gets on its path, for as long as it takes to start. It holds one module."""
