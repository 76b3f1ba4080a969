"""The application: routes, layers and errors put together. No schema and no docs page are served."""

from intake.server.api import courier, description, forward, mailbox, problems, public, reports, uploads
from intake.server.api.description_routes import OPERATIONS
from intake.server.api.lane import LaneApp
from intake.server.api.middleware import Blindfold, Guard
from intake.server.services.core import Core
from intake.server.services.couriers import Couriers
from intake.server.services.offering import Offers


def make_app(core: Core) -> LaneApp:
    """The ASGI application over an open core; whoever makes it closes the core."""
    app = LaneApp(title="Intake", version="1", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.core = core
    app.state.couriers, app.state.offers = Couriers(core), Offers(core)
    for room in (public, reports, uploads, mailbox, forward, courier):
        app.include_router(room.router)
    problems.install(app)
    description.install(app, OPERATIONS)
    app.add_middleware(Guard)
    app.add_middleware(Blindfold)
    app.open_lane(reports.post_report)
    return app
