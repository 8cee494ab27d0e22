"""The tables of the first version; frozen copies, independent of the models of today."""

from peewee import (
    SQL, BigIntegerField, BlobField, BooleanField, CharField, CompositeKey, DateField, DateTimeField, DecimalField, FloatField,
    ForeignKeyField, IntegerField, Model, SqliteDatabase, TextField, UUIDField,
)


def check(name, condition):
    return SQL(f"CONSTRAINT {name} CHECK ({condition})")


def up(migrator, db):
    on_sqlite = isinstance(db, SqliteDatabase)

    class District(Model):
        number = IntegerField(null=True, unique=True)
        name = CharField(max_length=100, unique=True)

        class Meta:
            database = db
            table_name = "district"

    class Edition(Model):
        code = CharField(max_length=20, unique=True)
        name = CharField(max_length=150)
        proposals_from = DateTimeField(null=True)
        proposals_to = DateTimeField(null=True)
        corrections_to = DateTimeField(null=True)
        admitted_on = DateTimeField(null=True)
        protests_to = DateTimeField(null=True)
        voting_from = DateTimeField(index=True)
        voting_to = DateTimeField()
        results_on = DateTimeField()
        citywide_picks = IntegerField()
        district_picks = IntegerField()
        all_required = BooleanField()
        minimum_age = IntegerField(null=True)
        supporters_required = IntegerField()
        count_rule = CharField(max_length=20)
        tie_order = CharField(max_length=100)
        lot_seed = CharField(max_length=100)
        archived = BooleanField()

        class Meta:
            database = db
            table_name = "edition"
            constraints = [
                check("edition_voting_ends_after_it_begins", "voting_from < voting_to"),
                check("edition_results_follow_voting", "voting_to <= results_on"),
                check("edition_proposals_end_after_they_begin", "proposals_from < proposals_to"),
                check("edition_picks_are_few", "citywide_picks BETWEEN 0 AND 20 AND district_picks BETWEEN 0 AND 20"),
                check("edition_minimum_age_is_an_age", "minimum_age BETWEEN 0 AND 120"),
                check("edition_supporters_are_not_negative", "supporters_required >= 0"),
                check("edition_count_rule_is_known", "count_rule IN ('greedy')"),
            ]

    class Pool(Model):
        edition = ForeignKeyField(Edition, backref="+", on_delete="RESTRICT")
        district = ForeignKeyField(District, null=True, backref="+", on_delete="RESTRICT")
        budget = BigIntegerField()
        min_cost = BigIntegerField(null=True)
        max_cost = BigIntegerField(null=True)
        minimum_points = DecimalField(max_digits=14, decimal_places=4)
        default_points = DecimalField(max_digits=14, decimal_places=4)

        class Meta:
            database = db
            table_name = "pool"
            indexes = ((("edition", "district"), True),)
            constraints = [
                check("pool_budget_is_not_negative", "budget >= 0"),
                check("pool_cost_limits_are_in_order", "min_cost <= max_cost"),
            ]

    class Proposal(Model):
        uid = CharField(max_length=32, unique=True)
        pool = ForeignKeyField(Pool, backref="+", on_delete="RESTRICT")
        number = CharField(max_length=60)
        slug = CharField(max_length=120, unique=True)
        title = CharField(max_length=500)
        summary = CharField(max_length=250)
        description = TextField()
        justification = TextField()
        place = TextField()
        latitude = FloatField(null=True)
        longitude = FloatField(null=True)
        beneficiaries = TextField()
        categories = CharField(max_length=250)
        cost = BigIntegerField()
        state = CharField(max_length=20, index=True)
        ballot_order = IntegerField(null=True)

        class Meta:
            database = db
            table_name = "proposal"
            indexes = ((("pool", "number"), True),)
            constraints = [
                check("proposal_cost_is_not_negative", "cost >= 0"),
                check("proposal_state_is_known",
                      "state IN ('draft', 'submitted', 'returned', 'in_assessment', 'admitted', 'refused', "
                      "'protested', 'on_ballot', 'funded', 'not_funded', 'in_progress', 'done', 'abandoned', 'withdrawn')"),
            ]

    class CostItem(Model):
        proposal = ForeignKeyField(Proposal, backref="+", on_delete="CASCADE")
        what = CharField(max_length=250)
        amount = BigIntegerField()

        class Meta:
            database = db
            table_name = "cost_item"
            constraints = [
                check("cost_item_amount_is_not_negative", "amount >= 0"),
            ]

    class Exclusion(Model):
        first = ForeignKeyField(Proposal, backref="+", on_delete="CASCADE")
        second = ForeignKeyField(Proposal, backref="+", on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "exclusion"
            indexes = ((("first", "second"), True),)
            constraints = [
                check("exclusion_is_of_two_proposals", "first_id < second_id"),
            ]

    class Account(Model):
        uid = CharField(max_length=32, unique=True)
        email = CharField(max_length=254, unique=True)
        email_confirmed_at = DateTimeField(null=True)
        email_token_hash = CharField(max_length=64, null=True, unique=True)
        phone = CharField(max_length=20, index=True)
        given_name = CharField(max_length=100)
        family_name = CharField(max_length=100)
        pesel = BlobField(null=True)
        pesel_index = CharField(max_length=64, null=True, unique=True)
        birth_date = DateField()
        district = ForeignKeyField(District, backref="+", on_delete="RESTRICT")
        street = CharField(max_length=200)
        postcode = CharField(max_length=6)
        password_hash = CharField(max_length=200)
        language = CharField(max_length=5)
        wants_news = BooleanField()
        state = CharField(max_length=10)
        created_at = DateTimeField()

        class Meta:
            database = db
            table_name = "account"
            constraints = [
                check("account_state_is_known", "state IN ('active', 'frozen')"),
                check("account_email_is_lower_case", "email = lower(email)"),
                check("account_pesel_is_sealed_with_its_index", "(pesel IS NULL) = (pesel_index IS NULL)"),
            ]

    class Registration(Model):
        token_hash = CharField(max_length=64, unique=True)
        data = BlobField()
        phone = CharField(max_length=20)
        code_hash = CharField(max_length=64, null=True)
        code_expires_at = DateTimeField(null=True)
        sent_at = DateTimeField(null=True)
        tries = IntegerField()
        created_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "registration"
            constraints = [
                check("registration_tries_are_at_most_five", "tries BETWEEN 0 AND 5"),
            ]

    class SmsCount(Model):
        scope = CharField(max_length=100)
        window = DateTimeField()
        sent = IntegerField()

        class Meta:
            database = db
            table_name = "sms_count"
            indexes = ((("scope", "window"), True),)

    class Officer(Model):
        uid = CharField(max_length=32, unique=True)
        email = CharField(max_length=254, unique=True)
        name = CharField(max_length=200)
        role = CharField(max_length=20)
        password_hash = CharField(max_length=200)
        totp_secret = BlobField()
        totp_step = BigIntegerField()
        active = BooleanField()
        created_at = DateTimeField()

        class Meta:
            database = db
            table_name = "officer"
            constraints = [
                check("officer_role_is_known",
                      "role IN ('editor', 'verifier', 'clerk', 'removals', 'coordinator', "
                      "'administrator')"),
                check("officer_email_is_lower_case", "email = lower(email)"),
            ]

    class Session(Model):
        token_hash = CharField(max_length=64, unique=True)
        account = ForeignKeyField(Account, null=True, backref="+", on_delete="CASCADE")
        officer = ForeignKeyField(Officer, null=True, backref="+", on_delete="CASCADE")
        created_at = DateTimeField()
        seen_at = DateTimeField()
        user_agent = CharField(max_length=200)

        class Meta:
            database = db
            table_name = "session"
            constraints = [
                check("session_belongs_to_one_person", "(account_id IS NULL) <> (officer_id IS NULL)"),
            ]

    class Ballot(Model):
        id = UUIDField(primary_key=True)
        edition = ForeignKeyField(Edition, backref="+", on_delete="RESTRICT")
        voter_key = CharField(max_length=64)
        channel = CharField(max_length=10)
        district = ForeignKeyField(District, null=True, backref="+", on_delete="RESTRICT")
        state = CharField(max_length=12)
        void_reason = CharField(max_length=250)
        cast_at = DateTimeField()
        commitment = CharField(max_length=64, null=True)

        class Meta:
            database = db
            table_name = "ballot"
            without_rowid = on_sqlite  # Rows keep no order of casting.
            constraints = [
                check("ballot_channel_is_known", "channel IN ('online', 'paper')"),
                check("ballot_state_is_known", "state IN ('recorded', 'under_check', 'counted', 'void')"),
                check("ballot_void_has_a_reason", "state <> 'void' OR void_reason <> ''"),
            ]

    class Choice(Model):
        ballot = ForeignKeyField(Ballot, backref="+", on_delete="CASCADE")
        proposal = ForeignKeyField(Proposal, backref="+", on_delete="RESTRICT")
        pool = ForeignKeyField(Pool, index=False, backref="+", on_delete="RESTRICT")
        points = DecimalField(max_digits=14, decimal_places=4)
        rank = IntegerField(null=True)

        class Meta:
            database = db
            table_name = "choice"
            primary_key = CompositeKey("ballot", "proposal")
            without_rowid = on_sqlite  # Rows keep no order of casting.

    class BallotDraft(Model):
        account = ForeignKeyField(Account, backref="+", on_delete="CASCADE")
        edition = ForeignKeyField(Edition, backref="+", on_delete="CASCADE")
        picks = BlobField()
        updated_at = DateTimeField()

        class Meta:
            database = db
            table_name = "ballot_draft"
            indexes = ((("account", "edition"), True),)

    class Message(Model):
        key = CharField(max_length=100, unique=True)
        channel = CharField(max_length=5)
        recipient = CharField(max_length=254)
        template = CharField(max_length=50)
        language = CharField(max_length=5)
        payload = BlobField(null=True)
        state = CharField(max_length=10)
        tries = IntegerField()
        due_at = DateTimeField()
        useless_after = DateTimeField(null=True)
        created_at = DateTimeField(index=True)
        sent_at = DateTimeField(null=True)
        gateway_id = CharField(max_length=100, null=True, index=True)
        error = CharField(max_length=250)

        class Meta:
            database = db
            table_name = "message"
            indexes = ((("state", "due_at"), False),)
            constraints = [
                check("message_channel_is_known", "channel IN ('mail', 'sms')"),
                check("message_state_is_known", "state IN ('queued', 'sending', 'sent', 'delivered', 'failed')"),
                check("message_tries_are_not_negative", "tries >= 0"),
            ]

    class AuditEntry(Model):
        sequence = BigIntegerField(unique=True)
        at = DateTimeField(index=True)
        actor = CharField(max_length=60, index=True)
        action = CharField(max_length=60, index=True)
        subject = CharField(max_length=80, index=True)
        detail = TextField()
        previous = CharField(max_length=64, unique=True)
        hash = CharField(max_length=64, unique=True)

        class Meta:
            database = db
            table_name = "audit_entry"

    db.create_tables([
        District, Edition, Pool, Proposal, CostItem, Exclusion, Account, Registration, SmsCount, Officer,
        Session, Ballot, Choice, BallotDraft, Message, AuditEntry,
    ])
    db.execute_sql("CREATE UNIQUE INDEX pool_citywide_is_one_per_edition ON pool (edition_id) WHERE district_id IS NULL")
    db.execute_sql("CREATE UNIQUE INDEX ballot_is_unique_per_person_and_edition ON ballot (edition_id, voter_key)")
    db.execute_sql("CREATE UNIQUE INDEX choice_gives_each_rank_of_a_pool_once ON choice (ballot_id, pool_id, rank)")
