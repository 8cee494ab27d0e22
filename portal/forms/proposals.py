"""A resident's proposal, a form for each section, and what its author does about it as a whole.

Limits are those of services/proposals_draft.py, which knows what makes a proposal complete.
"""

from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms.validators import InputRequired, Length

from portal.forms import fields, validators
from portal.forms.base import BaseForm, Upload
from portal.forms.fields_typed import DegreesField, MoneyField
from portal.i18n import money
from portal.models import Edition, Proposal
from portal.services.proposals_catalogue import CATEGORIES, pools_of
from portal.services.proposals_draft import LENGTHS, MOST_CATEGORIES, MOST_COSTS, SECTIONS, TEXTS, costs_fit

MOST_FILES, MOST_WORDS, FEWEST_ROWS, EMPTY_ROWS = 4, 4_000, 5, 2
YES, NO = "yes", "no"
BOTH = _l("Enter both numbers, or none.")


def _long(name: str, label: Any, required: Any, hint: Any = "", rows: int = 4, **options: Any) -> Any:
    return fields.long_text(label, most=LENGTHS[name][1], required=required, hint=hint, rows=rows, counted=True, **options)


def _beside(other: str, message: Any) -> Any:
    return fields.needed(lambda typed: bool(typed[other]), message)


FIELDS: dict[str, Any] = {
    "pool": fields.choice(_l("Where"), required=_l("Choose where.")),
    "title": fields.text(_l("Title"), most=LENGTHS["title"][1], required=_l("Enter a title."),
                         hint=_l("Short and to the point, for example: Benches and trees at the school in ul. Długa.")),
    "summary": _long("summary", _l("Short description"), _l("Enter a short description."),
                     _l("What is to be done, in one or two sentences of 60 to 250 characters. Lists of projects show it."),
                     checks=(Length(min=LENGTHS["summary"][0],
                                    message=_l("The short description needs at least %(min)d characters.")),)),
    "categories": fields.checkboxes(_l("Categories"), hint=_l("Choose one to three."), checks=(
        InputRequired(_l("Choose a category.")), Length(max=MOST_CATEGORIES, message=_l("Choose at most three categories.")))),
    "place": _long("place", _l("Where it is to be"), _l("Describe the place."),
                   _l("For example street and number, name of the park, number of the plot.")),
    "latitude": DegreesField(_l("Latitude"), validators=[_beside("longitude", BOTH)]),
    "longitude": DegreesField(_l("Longitude"), validators=[_beside("latitude", BOTH)]),
    "description": _long("description", _l("Description"), _l("Describe the project."),
                         _l("What exactly is to be built, bought or held."), rows=12),
    "justification": _long("justification", _l("Why it is needed"), _l("Write why it is needed."), rows=8),
    "beneficiaries": _long("beneficiaries", _l("Who will use it"), _l("Write who will use it.")),
    "availability": _long(
        "availability", _l("When and where everybody can use it"), _l("Write when and where everybody can use it."),
        _l("What is built or held must be open to all residents, free of charge. On which days and at what hours?")),
    "universal": fields.radios(
        _l("Does it follow the principles of universal design?"), required=_l("Choose yes or no."),
        hint=_l("So that everybody can use it: children, people in wheelchairs, people with sight or hearing loss.")),
    "universal_why": _long("universal_why", _l("If not: why?"), None, first=fields.needed(
        lambda typed: typed["universal"] == NO, _l("Write why the project will not meet these rules.")))}
AS_KEPT: dict[str, Any] = {"categories": ",".join, "universal": YES.__eq__, "pool": int}


def _pools(edition: Edition) -> list[tuple[str, str]]:
    """Return the pools of an edition with what a project in each may cost."""
    return [(str(pool.id), _("%(pool)s (at most %(most)s)", pool=pool.name or _("The whole city"),
                             most=money(pool.max_cost or pool.budget)))
            for pool in pools_of(edition)]


class StartForm(BaseForm):
    """What a draft begins with."""

    pool, title = FIELDS["pool"], FIELDS["title"]
    submit = fields.submit(_l("Begin a draft"))

    def __init__(self, edition: Edition) -> None:
        super().__init__()
        self.pool.choices = [("", _("Choose…")), *_pools(edition)]


class SectionForm:
    """One section of a proposal, of which only what can be changed now is a field."""

    def __init__(self, proposal: Proposal, editable: set[str]) -> None:
        super().__init__(data={**{name: getattr(proposal, name) for name in TEXTS}, "pool": str(proposal.pool_id),
                               "categories": [name for name in proposal.categories.split(",") if name],
                               "universal": {True: YES, False: NO}.get(proposal.universal)})
        for name in [name for name in FIELDS if name in self and name not in editable]:
            del self[name]
        choices = {"categories": [(name, _(label)) for name, label in CATEGORIES.items()],
                   "universal": [(YES, _("Yes")), (NO, _("No"))], "pool": _pools(proposal.pool.edition)}
        for name in choices.keys() & self._fields:
            self[name].choices = choices[name]

    def right(self) -> dict[str, Any]:
        """Return what can be saved of a form that was sent, by the names of the service: the values of fields without errors."""
        return {name: AS_KEPT.get(name, lambda value: value)(field.data) for name, field in self._fields.items()
                if name in FIELDS and not field.errors}


class CostsForm(BaseForm):
    """The rows of the estimate; a page shows some more than are filled in."""

    submit = fields.submit(_l("Save"))
    more = fields.submit(_l("Save and add rows"))

    def __init__(self, proposal: Proposal, editable: set[str]) -> None:
        self.pool, items = proposal.pool, proposal.costs
        super().__init__(data={f"what_{at}": item.what for at, item in enumerate(items)} | {
            f"amount_{at}": item.amount for at, item in enumerate(items)})
        self.rows = [(self[f"what_{at}"], self[f"amount_{at}"]) for at in range(MOST_COSTS)]
        used = max((at for at, row in enumerate(self.rows, 1) if any(field.data or field.raw_data for field in row)), default=0)
        self.shown = self.rows[:max(FEWEST_ROWS, used + EMPTY_ROWS)]

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        cost = sum(amount for _what, amount in self.right()["costs"])
        if not valid or costs_fit(self.pool, cost):
            return valid
        least, most = money(self.pool.min_cost or 1), money(self.pool.max_cost or self.pool.budget)
        self.form_errors = [_("Enter at least one cost.") if not cost else _("The sum is %(sum)s.", sum=money(cost)) + " " + (
            _("A project here can cost at most %(most)s.", most=most) if cost > (self.pool.min_cost or 1)
            else _("A project here has to cost at least %(least)s.", least=least))]
        return False

    def right(self) -> dict[str, Any]:
        """Return the rows without errors, as the service takes them."""
        return {"costs": [(what.data, amount.data) for what, amount in self.rows
                          if what.data and amount.data and not what.errors and not amount.errors]}


for _at in range(MOST_COSTS):
    setattr(CostsForm, f"what_{_at}", fields.text(_l("Row %(number)d: what", number=_at + 1), most=250,
                                                  first=_beside(f"amount_{_at}", _l("Write what it is."))))
    setattr(CostsForm, f"amount_{_at}", MoneyField(_l("Row %(number)d: amount in zł", number=_at + 1), widget=fields.TextWidget(),
                                                   validators=[_beside(f"what_{_at}", _l("Enter the amount."))]))
FORMS: dict[str, Any] = {
    section: type(f"{section.capitalize()}Form", (SectionForm, BaseForm), {
        **{name: FIELDS[name] for name in names}, **({"pool": FIELDS["pool"]} if "title" in names else {}),
        "submit": fields.submit(_l("Save"))})
    for section, names in SECTIONS.items() if FIELDS.keys() >= {*names}}
FORMS["koszty"] = CostsForm


class FilesForm(Upload, BaseForm):
    """Files for a proposal."""

    files = fields.documents(_l("Files"), most=MOST_FILES, required=_l("Choose a file."),
                             hint=_l("PDF, JPEG or PNG, at most four files at once, each at most 10 MB."))
    send_files = fields.submit(_l("Add the files"))


class AuthorsForm(BaseForm):
    """Whether the author's name is shown, and whom to invite as a co-author."""

    shows_name = fields.checkbox(_l("Show my name beside the project"))
    email = fields.text(_l("E-mail address of a co-author"), most=254, checks=(validators.email_address,), type="email",
                        hint=_l("We send an e-mail with a link. Leave it empty if you want to invite nobody now."))
    submit = fields.submit(_l("Save"))


class JoinForm(BaseForm):
    """The answer to an invitation to become a co-author, and whether the public reads that name."""

    shows_name = fields.checkbox(_l("Show my name beside the project"))
    accept = fields.submit(_l("Become a co-author"))
    decline = fields.submit(_l("Decline"))


class WithdrawForm(BaseForm):
    """The wish to take a proposal back, or to delete a draft."""

    words = fields.long_text(_l("Why?"), most=MOST_WORDS, rows=4,
                             hint=_l("You need not write anything. Officers read it, the public does not."))
    sure = fields.checkbox(_l("Yes, I want that"), required=_l("Tick that you are sure."))
    submit = fields.submit(_l("Withdraw the project"))


class ProtestForm(BaseForm):
    """A protest against a refusal."""

    words = fields.long_text(_l("Your reasons"), most=MOST_WORDS, required=_l("Write your reasons."), counted=True,
                             hint=_l("Why should the project be admitted? The council of the participatory budget reads it."))
    submit = fields.submit(_l("Send the protest"))
