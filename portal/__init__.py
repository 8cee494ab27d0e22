"""The participatory-budget portal of a city."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app(instance: Path | None = None) -> "Flask":
    """Build the application from the settings in force; raise ConfigError or KeyMissing when it must not start.

    The web is imported here, so that commands and services start without it.
    """
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from portal import access, admin, cache, config, database, errors, headers, i18n, templating, views
    from portal.crypto import keyring
    from portal.extensions import csrf, limiter, mail
    from portal.messaging import worker

    settings = config.load(instance)
    settings.check_service()
    app = Flask(__name__, instance_path=str(settings.instance))
    app.config.from_mapping(config.for_flask(settings, keyring.get("secret")))
    pages = cache.PublicPages(app.wsgi_app, app.config)
    app.wsgi_app = cache.PackedAssets(pages, templating.BUILD)  # type: ignore[method-assign]
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.proxies] * 3)  # type: ignore[method-assign]
    database.open_database(settings.database_url)
    app.teardown_request(database.release)
    for part in (csrf, limiter, mail, access, i18n, headers, templating, errors, worker, views, admin):
        part.init_app(app)
    return app
