"""Flask's extensions, unbound; create_app() binds them."""

from flask import request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_mail import Mail
from flask_wtf import CSRFProtect

from portal.network import network_of

babel = Babel()
csrf = CSRFProtect()
limiter = Limiter(lambda: network_of(get_remote_address()), strategy="moving-window", headers_enabled=False)
login_manager = LoginManager()
mail = Mail()

# Only what is sent is limited: looking at pages is cheap, and asking the limiter each time is not.
limiter.request_filter(lambda: request.method in {"GET", "HEAD"})
