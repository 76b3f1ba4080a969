"""The carrier of bundles and outboxes. Can read nothing."""
