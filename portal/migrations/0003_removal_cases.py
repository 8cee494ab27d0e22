"""Cases of wrongly registered accounts with their scans, who wrote and supports a proposal, published results, audit digests."""

from peewee import (
    SQL, BigIntegerField, BlobField, BooleanField, CharField, DateField, DateTimeField, ForeignKeyField, IntegerField, Model,
    TextField,
)


def check(name, condition):
    return SQL(f"CONSTRAINT {name} CHECK ({condition})")


def up(migrator, db):
    def known(name):
        return type(name.title(), (Model,), {"Meta": type("Meta", (), {"database": db, "table_name": name})})

    accounts, officers, editions, proposals = map(known, ("account", "officer", "edition", "proposal"))

    class RemovalCase(Model):
        number = CharField(max_length=20, unique=True)
        secret = BlobField()
        secret_hash = CharField(max_length=64, unique=True)
        language = CharField(max_length=5)
        name = BlobField(null=True)
        pesel = BlobField(null=True)
        pesel_index = CharField(max_length=64, null=True, index=True)
        email = BlobField(null=True)
        story = BlobField(null=True)
        proof = CharField(max_length=10)
        state = CharField(max_length=12, index=True)
        version = IntegerField()
        created_at = DateTimeField(index=True)
        due_at = DateTimeField()
        closed_at = DateTimeField(null=True, index=True)
        requested_by = ForeignKeyField(officers, null=True, backref="+", on_delete="RESTRICT")
        approved_by = ForeignKeyField(officers, null=True, backref="+", on_delete="RESTRICT")
        extent = TextField()
        protocol = BlobField(null=True)

        class Meta:
            database = db
            table_name = "removal_case"
            constraints = [
                check("removal_case_state_is_known",
                      "state IN ('open', 'more_needed', 'confirmed', 'requested', 'removed', 'refused')"),
                check("removal_case_proof_is_known", "proof IN ('in_person', 'scan')"),
                check("removal_case_is_approved_by_a_second_officer", "approved_by_id <> requested_by_id"),
                check("removal_case_requested_names_its_officer", "state <> 'requested' OR requested_by_id IS NOT NULL"),
                check("removal_case_removed_names_two_officers",
                      "state <> 'removed' OR (requested_by_id IS NOT NULL AND approved_by_id IS NOT NULL)"),
                check("removal_case_has_its_end_once_it_ended", "(closed_at IS NOT NULL) = (state IN ('removed', 'refused'))"),
                check("removal_case_pesel_is_sealed_with_its_index", "(pesel IS NULL) = (pesel_index IS NULL)"),
            ]

    class RemovalStep(Model):
        case = ForeignKeyField(RemovalCase, backref="+", on_delete="CASCADE")
        at = DateTimeField()
        deed = CharField(max_length=12)
        officer = ForeignKeyField(officers, null=True, backref="+", on_delete="RESTRICT")
        words = BlobField(null=True)

        class Meta:
            database = db
            table_name = "removal_step"
            constraints = [check("removal_step_deed_is_known",
                                 "deed IN ('opened', 'scan_added', 'answered', 'more_asked', 'confirmed', 'frozen', 'unfrozen', "
                                 "'requested', 'returned', 'removed', 'refused')")]

    class Evidence(Model):
        case = ForeignKeyField(RemovalCase, backref="+", on_delete="CASCADE")
        uid = CharField(max_length=32, unique=True)
        size = IntegerField()
        uploaded_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "evidence"
            constraints = [check("evidence_size_is_positive", "size > 0")]

    class Authorship(Model):
        proposal = ForeignKeyField(proposals, backref="+", on_delete="CASCADE")
        account = ForeignKeyField(accounts, backref="+", on_delete="CASCADE")
        is_lead = BooleanField()
        accepted_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "authorship"
            indexes = ((("proposal", "account"), True),)

    Authorship.add_index(Authorship.index(Authorship.proposal, unique=True, where=SQL("is_lead"),
                                          name="authorship_lead_is_one_per_proposal"))

    class Support(Model):
        proposal = ForeignKeyField(proposals, backref="+", on_delete="CASCADE")
        account = ForeignKeyField(accounts, backref="+", on_delete="CASCADE")
        created_at = DateTimeField()

        class Meta:
            database = db
            table_name = "support"
            indexes = ((("proposal", "account"), True),)

    class Publication(Model):
        edition = ForeignKeyField(editions, unique=True, backref="+", on_delete="RESTRICT")
        results = TextField()
        kept_at = DateTimeField()
        removed = IntegerField()
        corrected_at = DateTimeField(null=True)
        corrected_by = ForeignKeyField(officers, null=True, backref="+", on_delete="RESTRICT")
        corrected = IntegerField()

        class Meta:
            database = db
            table_name = "publication"
            constraints = [
                check("publication_ballots_are_not_negative", "removed >= 0 AND corrected >= 0"),
                check("publication_correction_names_its_officer", "(corrected_at IS NULL) = (corrected_by_id IS NULL)"),
            ]

    class AuditDigest(Model):
        day = DateField(unique=True)
        entries = BigIntegerField()
        hash = CharField(max_length=64)

        class Meta:
            database = db
            table_name = "audit_digest"
            constraints = [check("audit_digest_entries_are_not_negative", "entries >= 0")]

    db.create_tables([RemovalCase, RemovalStep, Evidence, Authorship, Support, Publication, AuditDigest])
