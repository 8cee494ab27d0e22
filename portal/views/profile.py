"""The resident's own pages.

/moje-konto
"""

from flask import Blueprint, render_template
from flask_login import current_user

from portal.access import resident_required

pages = Blueprint("profile", __name__, url_prefix="/moje-konto")


@pages.get("")
@resident_required
def overview() -> str:
    return render_template("profile/overview.html", account=current_user.account)
