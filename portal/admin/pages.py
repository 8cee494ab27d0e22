"""Pages: an editor writes their versions, looks at them, and publishes them now or later."""

from typing import Any

from flask import abort, get_template_attribute, request
from flask_admin import expose
from flask_babel import gettext as _, lazy_gettext as _l
from flask_login import current_user
from wtforms.validators import Length

from portal import clock, i18n
from portal.access import lead_on
from portal.admin.base import PanelView
from portal.admin.edition import CODE
from portal.admin.jobs import start
from portal.difference import paragraphs
from portal.errors import N_
from portal.forms.base import BaseForm
from portal.forms.pages import PublishForm, VersionForm
from portal.models import JobKind, Language, Page, PageVersion, Role
from portal.services import pages
from portal.templating import prose


def state(version: PageVersion | None) -> str:
    """Tell how far a version has come."""
    if version is None or version.published_at is None:
        return _("draft, version %(number)d", number=version.number) if version else _("not written yet")
    said = _("published %(at)s") if version.published_at <= clock.now() else _("will be published %(at)s")
    return said % {"at": i18n.moment(version.published_at)}


def named(version: PageVersion | None) -> str:
    """Tell the title of a version, how far it has come, and of a draft which version people read meanwhile."""
    if version is None:
        return state(version)
    public = PageVersion.public(clock.now()).where(Page.id == version.page, PageVersion.language == version.language).first()
    read = "; " + _("public: version %(number)d", number=public.number) if public and not version.published_at else ""
    return get_template_attribute("admin/pages/parts.html", "title")(version.page, version) + f": {state(version)}{read}"


class PageView(PanelView):
    """The pages, with their newest version in each language."""

    roles = (Role.EDITOR, Role.COORDINATOR)
    fresh_login = {"mail_view"}
    can_create = can_edit = True
    column_list = ("slug", *Language, "is_news", "position", "withdrawn")
    column_sortable_list = ("slug", "position")
    column_default_sort = ("position", False)
    column_searchable_list = ("slug",)
    column_formatters = {language: lambda _view, _context, row, name: named(row.latest(name)) for language in Language}
    column_labels = {"slug": _l("Address"), "is_news": _l("News item"), "position": _l("Place among the links at the foot"),
                     "withdrawn": _l("Hidden"), **i18n.LANGUAGES}
    form_columns = ("slug", "is_news", "position", "withdrawn")
    form_args = {"slug": {"validators": [CODE, Length(max=75)],
                          "description": _l("Ends the address /strony/…, for example nowe-terminy. It cannot be changed later.")},
                 "withdrawn": {"description": _l("Nobody finds or reads it then; its versions are kept.")}}
    refusals = {"page_slug": ("slug", N_("There already is a page at this address."))}

    def narrow(self, form: Any, _row: Page) -> None:
        del form.slug

    def get_save_return_url(self, model: Any, is_created: bool = False) -> Any:
        return self.get_url(".details_view", id=model.id) if is_created else super().get_save_return_url(model, is_created)

    @expose("/details/")
    def details_view(self) -> Any:
        page = self.find()
        versions = list(page.versions.order_by(PageVersion.language, PageVersion.number.desc()))
        return self.render("admin/pages/page.html", model=page, versions=versions, state=state, now=clock.now())

    @expose("/pisz/", methods=("GET", "POST"))
    def write_view(self) -> Any:
        page, language = self.find(), request.args.get("language", "")
        name, latest = i18n.LANGUAGES.get(language) or abort(404), page.latest(language)
        form = VersionForm(data=latest and {**latest.__data__, "change": "", "base": latest.number} or {"base": 0})
        if form.validate_on_submit() and "preview" not in request.form:
            with form.refusing(pages.PageChanged):
                told = {key: value or "" for key, value in form.data.items() if key not in ("csrf_token", "base")}
                version = pages.write(page, current_user.officer, language=language, base=form.base.data, now=clock.now(), **told)
                return lead_on(".version_view", _("The version is saved. Nobody else reads it yet."), id=page.id,
                               language=language, number=version.number)
            latest = page.latest(language)
            form.base.data, form.base.raw_data = latest.number if latest else 0, None
        shown = prose(PageVersion(body=form.body.data or "")) if form.is_submitted() and not form.body.errors else None
        return self.render("admin/pages/write.html", model=page, language=language, name=name, form=form,
                           prose=shown), 400 if form.errors else 200

    @expose("/wersja/", methods=("GET", "POST"))
    def version_view(self) -> Any:
        page, language = self.find(), request.args.get("language", "")
        versions = {version.number: version for version in page.versions.where(PageVersion.language == language)}
        version = versions.get(request.args.get("number", type=int)) or abort(404)
        form = PublishForm(data={"at": version.published_at})
        if form.validate_on_submit():
            with form.refusing(pages.PublicationRefused, beside=form.at):
                if "hold_back" in request.form:
                    pages.hold_back(version, current_user.officer, now=clock.now())
                else:
                    pages.publish(version, current_user.officer, at=form.at.data if form.later.data else None, now=clock.now())
                return lead_on(".details_view", named(version.held()), id=page.id)
        changed = [*paragraphs(versions[version.number - 1].whole, version.whole)] if version.number > 1 else []
        shown = {"model": page, "version": version, "name": i18n.LANGUAGES[language], "newest": version.number == max(versions)}
        return self.render("admin/pages/version.html", **shown, form=form, prose=prose(version), changed=changed, state=state,
                           now=clock.now()), 400 if form.errors else 200

    @expose("/wyslij/", methods=("GET", "POST"))
    def mail_view(self) -> Any:
        page, form = self.find(), BaseForm()
        said = pages.history(page.slug, Language.PL, now=clock.now()) if page.is_news else []
        if not said or said[-1].published_at < clock.now() - pages.NEW_FOR:
            return lead_on(".details_view", _("Only news published within the last 60 days can be sent."), "error", id=page.id)
        if form.validate_on_submit():
            return start(JobKind.MAILING, page.slug)
        return self.render("admin/pages/mail.html", model=page, version=said[0], form=form, readers=len(pages.recipients(page)))
