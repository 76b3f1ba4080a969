"""Fetching, handing in, and checking of what a courier carries."""
