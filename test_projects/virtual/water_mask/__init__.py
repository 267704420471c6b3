"""Water masks from the normalized difference water index."""
