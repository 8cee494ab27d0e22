"""Files of proposals, for those who may see them.

/projekty/zalacznik/<uid>/<name>
"""

from io import BytesIO

from flask import Response, send_file
from flask_login import current_user

from portal.access import Pages, open_form
from portal.models import FileKind
from portal.models.proposal import PUBLIC
from portal.services import attachment

pages = Pages("attachment", __name__)
SANDBOX = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


@pages.get("/projekty/zalacznik/<uid>/<path:name>", guard=open_form)
def show_file(uid: str, name: str) -> Response:
    """Answer with a file, whatever name the address gives it; a picture is shown, a PDF downloaded."""
    row = attachment.find_for(uid, current_user.account)
    shown = "zdjecie.jpg" if row.kind == FileKind.PHOTO else str(row.name)
    response = send_file(BytesIO(attachment.read(row)), mimetype=str(row.media), download_name=shown,
                         as_attachment=row.media != "image/jpeg")
    response.headers["Content-Security-Policy"] = SANDBOX
    # For the browser alone: files would crowd pages out of cache.PublicPages.
    response.headers["Cache-Control"] = "private, max-age=600" if row.proposal.state in PUBLIC else "no-store"
    return response
