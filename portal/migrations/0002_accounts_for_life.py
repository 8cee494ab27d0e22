"""Corrections that wait for a confirmation, password links, throttling, officers' enrolment; sessions begin anew."""

from peewee import SQL, CharField, DateTimeField, ForeignKeyField, IntegerField, Model


def check(name, condition):
    return SQL(f"CONSTRAINT {name} CHECK ({condition})")


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = "account"

    class Officer(Model):
        class Meta:
            database = db
            table_name = "officer"

    class PhoneChange(Model):
        account = ForeignKeyField(Account, unique=True, backref="+", on_delete="CASCADE")
        phone = CharField(max_length=20)
        code_hash = CharField(max_length=64, null=True)
        code_expires_at = DateTimeField(null=True)
        sent_at = DateTimeField(null=True)
        tries = IntegerField()
        created_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "phone_change"
            constraints = [check("phone_change_tries_are_at_most_five", "tries BETWEEN 0 AND 5")]

    class EmailChange(Model):
        account = ForeignKeyField(Account, unique=True, backref="+", on_delete="CASCADE")
        email = CharField(max_length=254)
        token_hash = CharField(max_length=64, unique=True)
        created_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "email_change"
            constraints = [check("email_change_email_is_lower_case", "email = lower(email)")]

    class PasswordReset(Model):
        account = ForeignKeyField(Account, unique=True, backref="+", on_delete="CASCADE")
        token_hash = CharField(max_length=64, unique=True)
        created_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "password_reset"

    class SendCount(Model):
        scope = CharField(max_length=100)
        window = DateTimeField()
        sent = IntegerField()

        class Meta:
            database = db
            table_name = "send_count"
            indexes = ((("scope", "window"), True),)

    class RecoveryCode(Model):
        officer = ForeignKeyField(Officer, backref="+", on_delete="CASCADE")
        code_hash = CharField(max_length=64, unique=True)

        class Meta:
            database = db
            table_name = "recovery_code"

    class Session(Model):
        uid = CharField(max_length=32, unique=True)
        token_hash = CharField(max_length=64, unique=True)
        account = ForeignKeyField(Account, null=True, backref="+", on_delete="CASCADE")
        officer = ForeignKeyField(Officer, null=True, backref="+", on_delete="CASCADE")
        created_at = DateTimeField()
        seen_at = DateTimeField()
        proved_at = DateTimeField()
        user_agent = CharField(max_length=200)

        class Meta:
            database = db
            table_name = "session"
            constraints = [check("session_belongs_to_one_person", "(account_id IS NULL) <> (officer_id IS NULL)")]

    class Throttle(Model):
        scope = CharField(max_length=100, unique=True)
        failures = IntegerField()
        failed_at = DateTimeField(index=True)
        blocked_until = DateTimeField()

        class Meta:
            database = db
            table_name = "throttle"
            constraints = [check("throttle_failures_are_not_negative", "failures >= 0")]

    db.execute_sql("DROP TABLE session")  # Everybody logs in anew: the old rows do not tell when a password was last typed.
    db.execute_sql("DROP TABLE sms_count")  # Renamed; the allowances of the day begin anew.
    db.create_tables([PhoneChange, EmailChange, PasswordReset, SendCount, RecoveryCode, Session, Throttle])
    migrator.migrate(
        migrator.add_column("officer", "enrolment_hash", CharField(max_length=64, null=True, unique=True)),
        migrator.add_column("officer", "enrolment_expires_at", DateTimeField(null=True)),
        migrator.add_index("message", ("recipient",)),
    )
