"""What everybody may take along, compare and count again: commitments to ballots, digests of the close, files of the results.

/otwarte-dane/<code> → /zobowiazania.txt, /sprawdz-glos and the files by their names
"""

from typing import Any

from flask import Response, render_template, request, send_from_directory

from portal import cache, clock, crypto
from portal.access import Pages, limited_form, open_form, public_page
from portal.errors import BallotInvalid, NotFound, require
from portal.forms.open_data import CheckForm
from portal.models import Ballot, District, Edition
from portal.services import closing, open_data, voting

pages = Pages("open_data", __name__, url_prefix="/otwarte-dane/<code>")


def _edition(code: str, *conditions: Any) -> Edition:
    return require(Edition.get_or_none(Edition.code == code, *conditions), NotFound)


@pages.get("", guard=public_page)
def show_index(code: str) -> str:
    edition = _edition(code)
    kept = closing.closing_of(edition)
    return render_template(
        "open_data/show_index.html", shown=edition, closing=kept, files=open_data.files_of(edition, now=clock.present()),
        removed=kept.ballots - closing.online(edition).count() if kept else 0)


@pages.get("/zobowiazania.txt", guard=public_page)
def list_commitments(code: str) -> Response:
    edition = _edition(code, ~Edition.archived)
    lines = cache.remember(("commitments", edition.id), lambda: closing.commitments(edition, now=clock.present()))
    return Response(lines, mimetype="text/plain")


@pages.form("/sprawdz-glos", guard=limited_form(60))
def check_ballot(code: str) -> Any:
    """Tell whether a ballot with this number and these choices is kept, and out of what its commitment is made."""
    edition, districts = _edition(code, ~Edition.archived), list(District.of_city())
    district = next((row for row in districts if str(row.number) == request.args.get("dzielnica")), None)
    if district is None:
        return render_template("open_data/choose_district.html", shown=edition, districts=districts)
    paper, form, errors, text = voting.ballot_paper(edition, district), CheckForm(), {}, ""
    picks, is_valid = form.picks(paper, request.form), form.validate_on_submit()
    try:
        marks = voting.read_picks(edition, paper, picks, whole=form.is_submitted())
        text = voting.committed(form.receipt(), marks) if is_valid else ""
    except BallotInvalid as error:
        errors = form.point_out(error)
    commitment = crypto.digest(text)
    found = bool(text) and closing.online(edition).where(Ballot.commitment == commitment).exists()
    return render_template("open_data/check_ballot.html", shown=edition, paper=paper, form=form, picks=picks, errors=errors,
                           text=text, commitment=commitment, found=found), 400 if form.errors else 200


@pages.get("/<name>", guard=open_form)
def download(code: str, name: str) -> Response:
    edition = _edition(code)
    require(name in open_data.files_of(edition, now=clock.present()), NotFound)
    return send_from_directory(open_data.folder_of(edition), name, as_attachment=True)
