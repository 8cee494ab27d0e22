"""The portal as it runs in production, with the yardsticks beside it on the same server.

A yardstick is what Flask and Peewee cost by themselves: a view that returns a constant, one that reads a row, one that commits
a row. It has no portal around it.
"""

from flask import Flask
from peewee import IntegerField, Model
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from portal import create_app, database


class Yardstick(Model):
    """The row that the yardsticks read and write."""

    number = IntegerField()

    class Meta:
        database = database.database


def bare_app() -> Flask:
    app = Flask(__name__)
    app.teardown_request(database.release)

    @app.get("/route")
    def route() -> str:
        return "constant"

    @app.get("/read")
    def read() -> str:
        return str(Yardstick.get_by_id(1).number)

    @app.post("/write")
    def write() -> str:
        with database.database.atomic():
            return str(Yardstick.create(number=1).id)

    return app


def create() -> DispatcherMiddleware:
    """Return what the server of the bench runs."""
    app = create_app()
    return DispatcherMiddleware(app, {"/yardstick": bare_app()})
