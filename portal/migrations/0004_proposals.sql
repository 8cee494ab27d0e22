-- Proposals from an idea to the ballot: co-authors, supports, assessment, files, implementation, the lot.
--
-- Written as PostgreSQL reads it; portal/database.py says how SQLite does. A migration that has landed is never changed.

CREATE TABLE unit (
    id SERIAL NOT NULL PRIMARY KEY,
    name VARCHAR(150) NOT NULL
);
CREATE UNIQUE INDEX unit_name ON unit (name);

CREATE TABLE card (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    unit_id INTEGER,
    due_at TIMESTAMP NOT NULL,
    reminded_at TIMESTAMP,
    is_positive BOOLEAN,
    words TEXT NOT NULL,
    cost BIGINT,
    running_cost BIGINT,
    officer_id INTEGER,
    filled_at TIMESTAMP,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    FOREIGN KEY (unit_id) REFERENCES unit (id) ON DELETE RESTRICT,
    FOREIGN KEY (officer_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT card_costs_are_not_negative CHECK (cost >= 0 AND running_cost >= 0),
    CONSTRAINT card_filled_in_says_yes_or_no CHECK ((filled_at IS NULL) = (is_positive IS NULL)),
    CONSTRAINT card_filled_in_names_its_officer CHECK ((filled_at IS NULL) = (officer_id IS NULL))
);
CREATE INDEX card_proposal_id ON card (proposal_id);
CREATE INDEX card_unit_id ON card (unit_id);
CREATE INDEX card_due_at ON card (due_at);
CREATE INDEX card_officer_id ON card (officer_id);
CREATE UNIQUE INDEX card_proposal_id_unit_id ON card (proposal_id, unit_id);
CREATE UNIQUE INDEX card_formal_is_one_per_proposal ON card (proposal_id) WHERE unit_id IS NULL;

CREATE TABLE answer (
    id SERIAL NOT NULL PRIMARY KEY,
    card_id INTEGER NOT NULL,
    question VARCHAR(300) NOT NULL,
    answer VARCHAR(10) NOT NULL,
    FOREIGN KEY (card_id) REFERENCES card (id) ON DELETE CASCADE,
    CONSTRAINT answer_is_known CHECK (answer IN ('yes', 'no', 'unneeded'))
);
CREATE INDEX answer_card_id ON answer (card_id);
CREATE UNIQUE INDEX answer_card_id_question ON answer (card_id, question);

CREATE TABLE stage (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    at TIMESTAMP NOT NULL,
    title VARCHAR(150) NOT NULL,
    words TEXT NOT NULL,
    cost BIGINT,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    CONSTRAINT stage_cost_is_not_negative CHECK (cost >= 0)
);
CREATE INDEX stage_proposal_id ON stage (proposal_id);

CREATE TABLE attachment (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    stage_id INTEGER,
    uid VARCHAR(32) NOT NULL,
    kind VARCHAR(12) NOT NULL,
    media VARCHAR(20) NOT NULL,
    name VARCHAR(150) NOT NULL,
    size INTEGER NOT NULL,
    uploaded_at TIMESTAMP NOT NULL,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    FOREIGN KEY (stage_id) REFERENCES stage (id) ON DELETE CASCADE,
    CONSTRAINT attachment_kind_is_known CHECK (kind IN ('attachment', 'paper_list', 'photo')),
    CONSTRAINT attachment_media_is_known CHECK (media IN ('application/pdf', 'image/jpeg')),
    CONSTRAINT attachment_size_is_positive CHECK (size > 0),
    CONSTRAINT attachment_photo_belongs_to_a_stage CHECK ((kind = 'photo') = (stage_id IS NOT NULL))
);
CREATE INDEX attachment_proposal_id ON attachment (proposal_id);
CREATE INDEX attachment_stage_id ON attachment (stage_id);
CREATE UNIQUE INDEX attachment_uid ON attachment (uid);
CREATE INDEX attachment_uploaded_at ON attachment (uploaded_at);

CREATE TABLE criterion (
    id SERIAL NOT NULL PRIMARY KEY,
    edition_id INTEGER NOT NULL,
    is_formal BOOLEAN NOT NULL,
    position INTEGER NOT NULL,
    question VARCHAR(300) NOT NULL,
    FOREIGN KEY (edition_id) REFERENCES edition (id) ON DELETE CASCADE
);
CREATE INDEX criterion_edition_id ON criterion (edition_id);

CREATE TABLE follow (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX follow_proposal_id ON follow (proposal_id);
CREATE INDEX follow_account_id ON follow (account_id);
CREATE UNIQUE INDEX follow_proposal_id_account_id ON follow (proposal_id, account_id);

CREATE TABLE invitation (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    email BYTEA NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE
);
CREATE INDEX invitation_proposal_id ON invitation (proposal_id);
CREATE UNIQUE INDEX invitation_token_hash ON invitation (token_hash);
CREATE INDEX invitation_created_at ON invitation (created_at);

CREATE TABLE revision (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    at TIMESTAMP NOT NULL,
    texts TEXT NOT NULL,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE
);
CREATE INDEX revision_proposal_id ON revision (proposal_id);

CREATE TABLE transition (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    at TIMESTAMP NOT NULL,
    move VARCHAR(20) NOT NULL,
    officer_id INTEGER,
    words TEXT NOT NULL,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    FOREIGN KEY (officer_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT transition_move_is_known CHECK (move IN ('submitted', 'returned', 'corrected', 'taken_up', 'admitted',
        'refused', 'protested', 'protest_accepted', 'protest_rejected', 'drawn', 'funded', 'not_funded', 'started',
        'done', 'abandoned', 'withdrawn'))
);
CREATE INDEX transition_proposal_id ON transition (proposal_id);
CREATE INDEX transition_officer_id ON transition (officer_id);

-- Columns that may be empty, or have a default: SQLite need not build these tables anew, on whose rows others depend.
ALTER TABLE officer ADD COLUMN unit_id INTEGER REFERENCES unit (id) ON DELETE RESTRICT;
CREATE INDEX officer_unit_id ON officer (unit_id);
ALTER TABLE authorship ADD COLUMN shows_name BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE edition ADD COLUMN support_days INTEGER NOT NULL DEFAULT 7;
ALTER TABLE edition ADD COLUMN assessment_days INTEGER NOT NULL DEFAULT 30;
ALTER TABLE edition ADD COLUMN protest_days INTEGER NOT NULL DEFAULT 10;
ALTER TABLE edition ADD COLUMN order_seed VARCHAR(100);
ALTER TABLE edition ADD COLUMN drawn_at TIMESTAMP;
ALTER TABLE proposal ADD COLUMN availability TEXT;
ALTER TABLE proposal ADD COLUMN universal BOOLEAN;
ALTER TABLE proposal ADD COLUMN universal_why TEXT;
ALTER TABLE proposal ADD COLUMN submitted_at TIMESTAMP;
ALTER TABLE proposal ADD COLUMN to_correct VARCHAR(250);
ALTER TABLE proposal ADD COLUMN correct_until TIMESTAMP;
ALTER TABLE proposal ADD COLUMN on_paper INTEGER;
ALTER TABLE proposal ADD COLUMN supporters INTEGER;
ALTER TABLE proposal ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
