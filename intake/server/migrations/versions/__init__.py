"""One file a step; tables are written out as they were then, whatever models.py says today."""
