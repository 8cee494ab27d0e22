"""Every constraint is seen to refuse what it forbids, on both databases."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from peewee import CharField, ForeignKeyField, Index, IntegrityError, Model

from portal import clock, crypto
from portal.database import transaction
from portal.models import (Account, Answer, Attachment, AuditDigest, AuditEntry, Authorship, Ballot, BallotDraft, Card, Choice,
                           Closing, CostItem, District, Edition, EmailChange, Evidence, Exclusion, Follow, Invitation, Job,
                           JobKind, Message, Officer, Page, PasswordReset, PhoneChange, Pool, Proposal, Publication, RecoveryCode,
                           Registration, RemovalCase, RemovalStep, SendCount, Session, Sheet, Stage, Support, Throttle,
                           Transition, Unit, VotingPoint)
from portal.models.ballot import BallotState, Channel
from portal.models.message import MessageChannel
from portal.models.staff import Role
from tests.factories import (MODELS, PESEL, make_account, make_district, make_edition, make_officer, make_page, make_pool,
                             make_proposal)

CASCADES = {"cost_item.proposal_id", "exclusion.first_id", "exclusion.second_id", "session.account_id", "session.officer_id",
            "phone_change.account_id", "email_change.account_id", "password_reset.account_id", "recovery_code.officer_id",
            "choice.ballot_id", "ballot_draft.account_id", "ballot_draft.edition_id", "authorship.proposal_id",
            "authorship.account_id", "support.proposal_id", "support.account_id", "removal_step.case_id", "evidence.case_id",
            "invitation.proposal_id", "follow.proposal_id", "follow.account_id", "criterion.edition_id", "card.proposal_id",
            "answer.card_id", "transition.proposal_id", "revision.proposal_id", "stage.proposal_id", "attachment.proposal_id",
            "attachment.stage_id"}


@dataclass(frozen=True, slots=True)
class World:
    """One row of every kind that the forbidden rows refer to."""

    edition: Edition
    district: District
    pool: Pool
    proposal: Proposal
    other: Proposal
    account: Account
    officer: Officer
    ballot: Ballot


def make_ballot(edition: Edition, **given: Any) -> Ballot:
    values = {"edition": edition, "voter_key": crypto.new_token(), "channel": Channel.ONLINE, "cast_at": clock.now(), **given}
    return Ballot.create(**values)


def make_session(**given: Any) -> Session:
    moments = dict.fromkeys(("created_at", "seen_at", "proved_at"), clock.now())
    return Session.create(**{"token_hash": crypto.new_token(), **moments, **given})


def make_registration(**given: Any) -> Registration:
    values = {"token_hash": crypto.new_token(), "data": "{}", "phone": "1", "created_at": clock.now(), **given}
    return Registration.create(**values)


def make_message(**given: Any) -> Message:
    values = {"key": crypto.new_token(), "channel": MessageChannel.MAIL, "recipient": "a@example.org", "template": "t",
              "language": "pl", "due_at": clock.now(), "created_at": clock.now(), **given}
    return Message.create(**values)


def make_entry(**given: Any) -> AuditEntry:
    return AuditEntry.create(**{"sequence": 99, "at": clock.now(), "actor": "a", "action": "a", "subject": "s", "previous": "p",
                                "hash": "h", **given})


def make_case(**given: Any) -> RemovalCase:
    values = {"number": crypto.new_token(6), "secret": "s", "secret_hash": crypto.new_token(), "proof": "scan",
              "created_at": clock.now(),
              "due_at": clock.now(), **given}
    return RemovalCase.create(**values)


def make_evidence(**given: Any) -> Evidence:
    return Evidence.create(**{"case": make_case(), "size": 1, "uploaded_at": clock.now(), **given})


def make_card(world: "World", **given: Any) -> Card:
    return Card.create(**{"proposal": world.proposal, "due_at": clock.now(), **given})


def make_job(world: "World", **given: Any) -> Job:
    return Job.create(**{"kind": JobKind.COUNT, "about": "2026", "officer": world.officer, "created_at": clock.now(), **given})


def make_attachment(world: "World", **given: Any) -> Attachment:
    return Attachment.create(**{"proposal": world.proposal, "kind": "attachment", "media": "image/jpeg", "name": "plan.jpg",
                                "size": 1, "uploaded_at": clock.now(), **given})


def make_point(world: "World", **given: Any) -> VotingPoint:
    return VotingPoint.create(**{"edition": world.edition, "name": "Biblioteka", **given})


def make_sheet(world: "World", **given: Any) -> Sheet:
    return Sheet.create(**{"point": VotingPoint.select().first() or make_point(world), "number": 1, "ballot": world.ballot,
                           "first_officer": world.officer, **given})


def make_closing(world: "World", **given: Any) -> Closing:
    return Closing.create(**{"edition": world.edition, "closed_at": clock.now(), "ballots": 0, "commitments": "", "choices": "",
                             **given})


@pytest.fixture
def world(db: None, now: Any) -> World:
    edition, district = make_edition(), make_district()
    pool = make_pool(edition)
    proposal = make_proposal(pool)
    return World(edition, district, pool, proposal, make_proposal(pool), make_account(district, pesel=PESEL),
                 make_officer(Role.CLERK), make_ballot(edition, voter_key="key"))


def twice(make: Callable[[], Any]) -> None:
    make()
    make()


HOUR = timedelta(hours=1)
# What each constraint forbids: its name, or for a unique column or index its table and columns.
FORBIDDEN: dict[str, Callable[[World], Any]] = {
    "account(email)": lambda w: make_account(w.district, email=w.account.email),
    "account(pesel_index)": lambda w: make_account(w.district, pesel=PESEL),
    "account(uid)": lambda w: make_account(w.district, uid=w.account.uid),
    "account(email_token_hash)": lambda w: twice(lambda: make_account(w.district, email_token_hash="h")),
    "account_state_is_known": lambda w: make_account(w.district, state="deleted"),
    "account_email_is_lower_case": lambda w: make_account(w.district, email="Anna@example.org"),
    "account_pesel_is_sealed_with_its_index": lambda w: make_account(w.district, pesel_index="h"),
    "registration(token_hash)": lambda w: twice(lambda: make_registration(token_hash="h")),
    "registration_tries_are_at_most_five": lambda w: make_registration(tries=6),
    "phone_change(account_id)": lambda w: twice(
        lambda: PhoneChange.create(account=w.account, phone="+48600123456", created_at=clock.now())),
    "phone_change_tries_are_at_most_five":
        lambda w: PhoneChange.create(account=w.account, phone="+48600123456", created_at=clock.now(), tries=6),
    "email_change(account_id)": lambda w: twice(lambda: EmailChange.create(
        account=w.account, email="a@example.org", token_hash=crypto.new_token(), created_at=clock.now())),
    "email_change(token_hash)": lambda w: [
        EmailChange.create(account=account, email="a@example.org", token_hash="h", created_at=clock.now())
        for account in (w.account, make_account(w.district))],
    "email_change_email_is_lower_case":
        lambda w: EmailChange.create(account=w.account, email="A@example.org", token_hash="h", created_at=clock.now()),
    "password_reset(account_id)": lambda w: twice(
        lambda: PasswordReset.create(account=w.account, token_hash=crypto.new_token(), created_at=clock.now())),
    "password_reset(token_hash)": lambda w: [
        PasswordReset.create(account=account, token_hash="h", created_at=clock.now())
        for account in (w.account, make_account(w.district))],
    "send_count(scope,window)": lambda w: twice(lambda: SendCount.create(scope="portal", window=clock.now())),
    "district(number)": lambda w: make_district(number=w.district.number),
    "district(name)": lambda w: make_district(name=w.district.name),
    "edition(code)": lambda w: make_edition(code=w.edition.code),
    "edition_voting_ends_after_it_begins": lambda w: make_edition(voting_from=clock.now(), voting_to=clock.now()),
    "edition_results_follow_voting": lambda w: make_edition(results_on=clock.now()),
    "edition_proposals_end_after_they_begin":
        lambda w: make_edition(proposals_from=clock.now() - 90 * HOUR, proposals_to=clock.now() - 91 * HOUR),
    "edition_picks_are_few": lambda w: make_edition(citywide_picks=21),
    "edition_minimum_age_is_an_age": lambda w: make_edition(minimum_age=121),
    "edition_supporters_are_not_negative": lambda w: make_edition(supporters_required=-1),
    "edition_count_rule_is_known": lambda w: make_edition(count_rule="magic"),
    "pool(edition_id,district_id)": lambda w: twice(lambda: make_pool(w.edition, w.district)),
    "pool(edition_id)": lambda w: make_pool(w.edition),
    "pool_budget_is_not_negative": lambda w: make_pool(w.edition, w.district, budget=-1),
    "pool_cost_limits_are_in_order": lambda w: make_pool(w.edition, w.district, min_cost=2, max_cost=1),
    "proposal(uid)": lambda w: make_proposal(w.pool, uid=w.proposal.uid),
    "proposal(slug)": lambda w: make_proposal(w.pool, slug=w.proposal.slug),
    "proposal(pool_id,number)": lambda w: make_proposal(w.pool, number=w.proposal.number),
    "proposal_cost_is_not_negative": lambda w: make_proposal(w.pool, cost=-1),
    "proposal_state_is_known": lambda w: make_proposal(w.pool, state="lost"),
    "cost_item_amount_is_not_negative": lambda w: CostItem.create(proposal=w.proposal, what="Ławka", amount=-1),
    "exclusion(first_id,second_id)": lambda w: twice(lambda: Exclusion.create(first=w.proposal, second=w.other)),
    "exclusion_is_of_two_proposals": lambda w: Exclusion.create(first=w.other, second=w.proposal),
    "officer(uid)": lambda w: make_officer(Role.EDITOR, uid=w.officer.uid),
    "officer(email)": lambda w: make_officer(Role.EDITOR, email=w.officer.email),
    "officer_role_is_known": lambda w: make_officer("king"),  # type: ignore[arg-type]
    "officer_email_is_lower_case": lambda w: make_officer(Role.EDITOR, email="Jan@example.org"),
    "officer(enrolment_hash)": lambda w: twice(lambda: make_officer(Role.EDITOR, enrolment_hash="h")),
    "recovery_code(code_hash)": lambda w: twice(lambda: RecoveryCode.create(officer=w.officer, code_hash="h")),
    "throttle(scope)": lambda w: twice(
        lambda: Throttle.create(scope="s", failed_at=clock.now(), blocked_until=clock.now())),
    "throttle_failures_are_not_negative":
        lambda w: Throttle.create(scope="s", failures=-1, failed_at=clock.now(), blocked_until=clock.now()),
    "session(uid)": lambda w: twice(lambda: make_session(account=w.account, uid="u")),
    "session(token_hash)": lambda w: twice(lambda: make_session(account=w.account, token_hash="h")),
    "session_belongs_to_one_person": lambda w: make_session(account=w.account, officer=w.officer),
    "ballot(edition_id,voter_key)": lambda w: make_ballot(w.edition, voter_key="key", channel=Channel.PAPER),
    "ballot_channel_is_known": lambda w: make_ballot(w.edition, channel="post"),
    "ballot_state_is_known": lambda w: make_ballot(w.edition, state="lost"),
    "ballot_void_has_a_reason": lambda w: make_ballot(w.edition, state=BallotState.VOID),
    "choice(ballot_id,proposal_id)":
        lambda w: [Choice.create(ballot=w.ballot, proposal=w.proposal, pool=w.pool, points=3, rank=rank) for rank in (1, 2)],
    "choice(ballot_id,pool_id,rank)":
        lambda w: [Choice.create(ballot=w.ballot, proposal=row, pool=w.pool, points=3, rank=1) for row in (w.proposal, w.other)],
    "ballot_draft(account_id,edition_id)": lambda w: twice(
        lambda: BallotDraft.create(account=w.account, edition=w.edition, picks="{}", updated_at=clock.now())),
    "message(key)": lambda w: twice(lambda: make_message(key="k")),
    "message_channel_is_known": lambda w: make_message(channel="post"),
    "message_state_is_known": lambda w: make_message(state="lost"),
    "message_tries_are_not_negative": lambda w: make_message(tries=-1),
    "audit_entry(sequence)": lambda w: [make_entry(), make_entry(previous="q", hash="i")],
    "audit_entry(previous)": lambda w: [make_entry(), make_entry(sequence=98, hash="i")],
    "audit_entry(hash)": lambda w: [make_entry(), make_entry(sequence=98, previous="q")],
    "audit_digest(day)": lambda w: twice(lambda: AuditDigest.create(day=clock.now().date(), entries=1, hash="h")),
    "audit_digest_entries_are_not_negative": lambda w: AuditDigest.create(day=clock.now().date(), entries=-1, hash="h"),
    "authorship(proposal_id,account_id)": lambda w: twice(lambda: Authorship.create(proposal=w.proposal, account=w.account)),
    "authorship(proposal_id)": lambda w: [Authorship.create(proposal=w.proposal, account=account, is_lead=True)
                                          for account in (w.account, make_account(w.district))],
    "support(proposal_id,account_id)": lambda w: twice(
        lambda: Support.create(proposal=w.proposal, account=w.account, created_at=clock.now())),
    "invitation(token_hash)": lambda w: twice(
        lambda: Invitation.create(proposal=w.proposal, email="a@example.org", token_hash="h", created_at=clock.now())),
    "follow(proposal_id,account_id)": lambda w: twice(lambda: Follow.create(proposal=w.proposal, account=w.account)),
    "page(slug)": lambda w: [make_page(), Page.create(slug="wiadomosc")],
    "page_version(page_id,language,number)": lambda w: twice(make_page),
    "page_version_language_is_known": lambda w: make_page(language="de"),
    "page_version_is_published_by_somebody": lambda w: make_page(publisher=None),
    "page_version_numbers_begin_with_one": lambda w: make_page(number=0),
    "job(kind,about)": lambda w: twice(lambda: make_job(w)),
    "job_kind_is_known": lambda w: make_job(w, kind="magic"),
    "job_state_is_known": lambda w: make_job(w, state="lost"),
    "unit(name)": lambda w: twice(lambda: Unit.create(name="Zieleń")),
    "card(proposal_id)": lambda w: twice(lambda: make_card(w)),
    "card(proposal_id,unit_id)": lambda w: [make_card(w, unit=unit) for unit in [Unit.create(name="Zieleń")] * 2],
    "card_costs_are_not_negative": lambda w: make_card(w, running_cost=-1),
    "card_filled_in_says_yes_or_no": lambda w: make_card(w, is_positive=True),
    "card_filled_in_names_its_officer": lambda w: make_card(w, is_positive=True, filled_at=clock.now()),
    "answer(card_id,question)": lambda w: [
        Answer.create(card=card, question="Czy?", answer=answer) for card in [make_card(w)] for answer in ("yes", "no")],
    "answer_is_known": lambda w: Answer.create(card=make_card(w), question="Czy?", answer="maybe"),
    "transition_move_is_known": lambda w: Transition.create(proposal=w.proposal, at=clock.now(), move="lost"),
    "stage_cost_is_not_negative": lambda w: Stage.create(proposal=w.proposal, at=clock.now(), title="Budowa", cost=-1),
    "attachment(uid)": lambda w: twice(lambda: make_attachment(w, uid="u")),
    "attachment_kind_is_known": lambda w: make_attachment(w, kind="virus"),
    "attachment_media_is_known": lambda w: make_attachment(w, media="text/html"),
    "attachment_size_is_positive": lambda w: make_attachment(w, size=0),
    "attachment_photo_belongs_to_a_stage": lambda w: make_attachment(w, kind="photo"),
    "publication(edition_id)": lambda w: twice(
        lambda: Publication.create(edition=w.edition, results="[]", kept_at=clock.now())),
    "publication_ballots_are_not_negative":
        lambda w: Publication.create(edition=w.edition, results="[]", kept_at=clock.now(), removed=-1),
    "publication_correction_names_its_officer":
        lambda w: Publication.create(edition=w.edition, results="[]", kept_at=clock.now(), corrected_at=clock.now()),
    "publication_takes_two_officers": lambda w: Publication.create(
        edition=w.edition, results="[]", kept_at=clock.now(), asked_by=w.officer, approved_by=w.officer),
    "closing(edition_id)": lambda w: twice(lambda: make_closing(w)),
    "closing_key_asked_names_its_officer": lambda w: make_closing(w, key_asked_at=clock.now()),
    "closing_key_destroyed_names_its_officer": lambda w: make_closing(w, key_destroyed_at=clock.now()),
    "closing_key_is_destroyed_by_two": lambda w: make_closing(
        w, **dict.fromkeys(("key_asked_at", "key_destroyed_at"), clock.now()),
        **dict.fromkeys(("key_asked_by", "key_destroyed_by"), w.officer)),
    "voting_point(edition_id,name)": lambda w: twice(lambda: make_point(w)),
    "voting_point_sheets_are_not_negative": lambda w: make_point(w, sheets_received=-1),
    "sheet(point_id,number)": lambda w: twice(lambda: make_sheet(w)),
    "sheet_number_is_positive": lambda w: make_sheet(w, number=0),
    "sheet_state_is_known": lambda w: make_sheet(w, state="lost"),
    "sheet_invalid_has_a_reason": lambda w: make_sheet(w, invalid_reason="late"),
    "sheet_invalid_reason_is_known": lambda w: make_sheet(w, ballot=None, state="invalid", invalid_reason="ugly"),
    "sheet_valid_is_a_ballot": lambda w: make_sheet(w, ballot=None),
    "sheet_is_entered_by_two": lambda w: make_sheet(w, second_officer=w.officer),
    "sheet_difference_is_settled_by_a_third": lambda w: make_sheet(w, third_officer=w.officer),
    "sheet_recorded_keeps_no_picks": lambda w: make_sheet(w, state="recorded", first_picks="{}"),
    "removal_case(number)": lambda w: twice(lambda: make_case(number="K/1/2026")),
    "removal_case(secret_hash)": lambda w: twice(lambda: make_case(secret_hash="h")),
    "removal_case_state_is_known": lambda w: make_case(state="lost"),
    "removal_case_proof_is_known": lambda w: make_case(proof="word"),
    "removal_case_is_approved_by_a_second_officer":
        lambda w: make_case(requested_by=w.officer, approved_by=w.officer, state="removed", closed_at=clock.now()),
    "removal_case_requested_names_its_officer": lambda w: make_case(state="requested"),
    "removal_case_removed_names_two_officers":
        lambda w: make_case(state="removed", closed_at=clock.now(), requested_by=w.officer),
    "removal_case_has_its_end_once_it_ended": lambda w: make_case(state="refused"),
    "removal_case_pesel_is_sealed_with_its_index": lambda w: make_case(pesel_index="h"),
    "removal_step_deed_is_known": lambda w: RemovalStep.create(case=make_case(), at=clock.now(), deed="slept"),
    "evidence(uid)": lambda w: twice(lambda: make_evidence(uid="u")),
    "evidence_size_is_positive": lambda w: make_evidence(size=0),
}


def declared(model: type[Model]) -> set[str]:
    """Return the constraints of a model as FORBIDDEN names them."""
    meta, table = model._meta, model._meta.table_name
    found = {constraint.sql.split()[1] for constraint in meta.constraints or ()}
    found |= {f"{table}({field.column_name})" for field in meta.sorted_fields if field.unique and not field.primary_key}
    for index in meta.indexes:
        unique = index._unique if isinstance(index, Index) else index[1]
        names = [field.column_name for field in index._expressions] if isinstance(index, Index) else [
            meta.fields[name].column_name for name in index[0]]
        found |= {f"{table}({','.join(names)})"} if unique else set()
    if meta.composite_key:
        found.add(f"{table}({','.join(meta.fields[name].column_name for name in meta.primary_key.field_names)})")
    return found


def refused_by(error: IntegrityError) -> str:
    """Return the constraint that an error speaks of, as FORBIDDEN names it."""
    text = str(error)
    named = re.search(r'CHECK constraint failed: (\w+)|check constraint "(\w+)"', text)
    if named:
        return named[1] or named[2]
    on_sqlite = re.search(r"UNIQUE constraint failed: (.*)", text)
    if on_sqlite:
        columns = [column.split(".") for column in on_sqlite[1].split(", ")]
        return f"{columns[0][0]}({','.join(name for _table, name in columns)})"
    columns = re.search(r"Key \((.*?)\)=", text)[1].replace(" ", "").replace('"', "")
    return f"{error.orig.diag.table_name}({columns})"


def test_every_constraint_has_its_case() -> None:
    known = set().union(*map(declared, MODELS))
    gone = set(FORBIDDEN) - known
    assert known == set(FORBIDDEN), f"Show in FORBIDDEN what these forbid: {known - set(FORBIDDEN)}; gone: {gone}"


@pytest.mark.parametrize("constraint", FORBIDDEN)
def test_constraint_refuses(world: World, constraint: str) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction():
        FORBIDDEN[constraint](world)
    assert refused_by(refusal.value) == constraint


@pytest.mark.parametrize("forbidden", [
    lambda w: make_session(),
    lambda w: make_account(w.district, pesel=PESEL, pesel_index=None).save(),
    lambda w: Account.update(pesel_index=None).where(Account.id == w.account.id).execute(),
    lambda w: make_registration(tries=-1),
    lambda w: make_edition(district_picks=-1),
    lambda w: Exclusion.create(first=w.proposal, second=w.proposal),
    lambda w: make_district(name=None),
    lambda w: Ballot.update(voter_key="key").where(Ballot.id == make_ballot(w.edition).id).execute(),
    lambda w: make_ballot(w.edition, district=10**6),
], ids=["session of nobody", "second account of a PESEL", "PESEL without its index", "negative tries", "negative picks",
        "proposal that excludes itself", "district without a name", "ballot that becomes somebody else's", "district of no city"])
def test_database_refuses(world: World, forbidden: Callable[[World], Any]) -> None:
    with pytest.raises(IntegrityError), transaction():
        forbidden(world)


def test_what_looks_alike_is_allowed(world: World) -> None:
    make_pool(make_edition())
    make_ballot(make_edition(), voter_key="key")
    for _time in range(2):
        make_account(world.district)
        make_registration(tries=5)
        make_district(number=None)
    assert Account.select().where(Account.pesel_index.is_null()).count() == 2


def test_deletion_goes_on_only_where_it_must() -> None:
    for model in MODELS:
        for field in model._meta.sorted_fields:
            if isinstance(field, ForeignKeyField):
                name = f"{model._meta.table_name}.{field.column_name}"
                wanted = "CASCADE" if name in CASCADES else "RESTRICT"
                assert field.on_delete == wanted, f"{name}: deletion is by explicit service; see CASCADES"


@pytest.mark.parametrize("row", ["edition", "district", "pool"])
def test_what_others_depend_on_cannot_be_deleted(world: World, row: str) -> None:
    make_ballot(world.edition, district=world.district)
    with pytest.raises(IntegrityError):
        getattr(world, row).delete_instance()


def test_account_takes_its_sessions_and_drafts_with_it_but_no_ballot(world: World) -> None:
    make_session(account=world.account)
    BallotDraft.create(account=world.account, edition=world.edition, picks="{}", updated_at=clock.now())
    world.account.delete_instance()
    assert (Session.select().count(), BallotDraft.select().count(), Ballot.select().count()) == (0, 0, 1)


def test_longest_names_that_the_forms_allow_are_kept(world: World) -> None:
    longest = {field.name: "ż" * field.max_length for field in Account._meta.sorted_fields
               if isinstance(field, CharField) and field.name in {"given_name", "family_name", "street"}}
    assert Account.get_by_id(make_account(world.district, **longest).id).street == longest["street"]
