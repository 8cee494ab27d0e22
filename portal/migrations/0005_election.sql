-- An election to stand behind: paper ballots entered twice, the state at the close, results published by two officers.
--
-- Written as PostgreSQL reads it; portal/database.py says how SQLite does. A migration that has landed is never changed.

-- SQLite cannot change a constraint otherwise, see sqlite.org/lang_altertable.html, section 7.
/* PostgreSQL */ ALTER TABLE edition DROP CONSTRAINT edition_count_rule_is_known;
/* PostgreSQL */ ALTER TABLE edition ADD CONSTRAINT edition_count_rule_is_known CHECK (count_rule IN ('greedy', 'equal_shares'));
/* SQLite: PRAGMA writable_schema = ON */;
/* SQLite: UPDATE sqlite_master SET sql = replace(sql, 'count_rule IN (''greedy'')', 'count_rule IN (''greedy'', ''equal_shares'')') WHERE name = 'edition' */;
/* SQLite: PRAGMA writable_schema = RESET */;

ALTER TABLE ballot ADD COLUMN age_from INTEGER;
ALTER TABLE ballot ADD COLUMN network VARCHAR(64);

CREATE TABLE voting_point (
    id SERIAL NOT NULL PRIMARY KEY,
    edition_id INTEGER NOT NULL,
    name VARCHAR(150) NOT NULL,
    address VARCHAR(250) NOT NULL,
    sheets_received INTEGER,
    FOREIGN KEY (edition_id) REFERENCES edition (id) ON DELETE RESTRICT,
    CONSTRAINT voting_point_sheets_are_not_negative CHECK (sheets_received >= 0)
);
CREATE INDEX voting_point_edition_id ON voting_point (edition_id);
CREATE UNIQUE INDEX voting_point_edition_id_name ON voting_point (edition_id, name);

CREATE TABLE sheet (
    id SERIAL NOT NULL PRIMARY KEY,
    point_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    ballot_id UUID,
    state VARCHAR(10) NOT NULL,
    invalid_reason VARCHAR(20),
    first_officer_id INTEGER NOT NULL,
    first_picks BYTEA,
    second_officer_id INTEGER,
    second_picks BYTEA,
    third_officer_id INTEGER,
    FOREIGN KEY (point_id) REFERENCES voting_point (id) ON DELETE RESTRICT,
    FOREIGN KEY (ballot_id) REFERENCES ballot (id) ON DELETE RESTRICT,
    FOREIGN KEY (first_officer_id) REFERENCES officer (id) ON DELETE RESTRICT,
    FOREIGN KEY (second_officer_id) REFERENCES officer (id) ON DELETE RESTRICT,
    FOREIGN KEY (third_officer_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT sheet_number_is_positive CHECK (number > 0),
    CONSTRAINT sheet_state_is_known CHECK (state IN ('entered', 'differs', 'recorded', 'invalid')),
    CONSTRAINT sheet_invalid_has_a_reason CHECK ((state = 'invalid') = (invalid_reason IS NOT NULL)),
    CONSTRAINT sheet_invalid_reason_is_known CHECK (invalid_reason IN ('too_many', 'unreadable', 'unsigned', 'unidentified', 'late', 'already_voted')),
    CONSTRAINT sheet_valid_is_a_ballot CHECK ((state = 'invalid') = (ballot_id IS NULL)),
    CONSTRAINT sheet_is_entered_by_two CHECK (second_officer_id <> first_officer_id),
    CONSTRAINT sheet_difference_is_settled_by_a_third CHECK (third_officer_id NOT IN (first_officer_id, second_officer_id)),
    CONSTRAINT sheet_recorded_keeps_no_picks CHECK (state IN ('entered', 'differs') OR (first_picks IS NULL AND second_picks IS NULL))
);
CREATE INDEX sheet_point_id ON sheet (point_id);
CREATE INDEX sheet_ballot_id ON sheet (ballot_id);
CREATE INDEX sheet_first_officer_id ON sheet (first_officer_id);
CREATE INDEX sheet_second_officer_id ON sheet (second_officer_id);
CREATE INDEX sheet_third_officer_id ON sheet (third_officer_id);
CREATE UNIQUE INDEX sheet_point_id_number ON sheet (point_id, number);

CREATE TABLE closing (
    id SERIAL NOT NULL PRIMARY KEY,
    edition_id INTEGER NOT NULL,
    closed_at TIMESTAMP NOT NULL,
    ballots INTEGER NOT NULL,
    commitments VARCHAR(64) NOT NULL,
    choices VARCHAR(64) NOT NULL,
    key_asked_at TIMESTAMP,
    key_asked_by_id INTEGER,
    key_destroyed_at TIMESTAMP,
    key_destroyed_by_id INTEGER,
    FOREIGN KEY (edition_id) REFERENCES edition (id) ON DELETE RESTRICT,
    FOREIGN KEY (key_asked_by_id) REFERENCES officer (id) ON DELETE RESTRICT,
    FOREIGN KEY (key_destroyed_by_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT closing_key_asked_names_its_officer CHECK ((key_asked_at IS NULL) = (key_asked_by_id IS NULL)),
    CONSTRAINT closing_key_destroyed_names_its_officer CHECK ((key_destroyed_at IS NULL) = (key_destroyed_by_id IS NULL)),
    CONSTRAINT closing_key_is_destroyed_by_two CHECK (key_destroyed_by_id IS NULL OR key_asked_by_id IS NOT NULL AND key_destroyed_by_id <> key_asked_by_id)
);
CREATE UNIQUE INDEX closing_edition_id ON closing (edition_id);
CREATE INDEX closing_key_asked_by_id ON closing (key_asked_by_id);
CREATE INDEX closing_key_destroyed_by_id ON closing (key_destroyed_by_id);

ALTER TABLE publication ADD COLUMN asked_by_id INTEGER REFERENCES officer (id) ON DELETE RESTRICT;
ALTER TABLE publication ADD COLUMN approved_by_id INTEGER REFERENCES officer (id) ON DELETE RESTRICT
    CONSTRAINT publication_takes_two_officers CHECK (approved_by_id IS NULL OR approved_by_id <> asked_by_id);
CREATE INDEX publication_asked_by_id ON publication (asked_by_id);
CREATE INDEX publication_approved_by_id ON publication (approved_by_id);
