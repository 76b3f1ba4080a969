"""What Alembic runs: the steps, on the open transaction that schema.py hands over."""

from alembic import context

from intake.server.models import metadata

if __name__ == "env_py":
    # The name Alembic runs it under; a plain import of this module does nothing.
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    context.run_migrations()
