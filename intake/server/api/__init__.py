"""HTTP: reads requests with hard bounds, calls services, answers. No rule about reports lives here."""
