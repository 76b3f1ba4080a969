"""The air-gapped laptop: import, vault, triage and replies. No network."""
