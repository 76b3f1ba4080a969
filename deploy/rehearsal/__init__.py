"""A whole rehearsal on one machine: keys, server, a phone in a real browser, a laptop; for demo and journeys."""
