-- The tables of the first version.
--
-- Written as PostgreSQL reads it; portal/database.py says how SQLite does. A migration that has landed is never changed.

CREATE TABLE district (
    id SERIAL NOT NULL PRIMARY KEY,
    number INTEGER,
    name VARCHAR(100) NOT NULL
);
CREATE UNIQUE INDEX district_number ON district (number);
CREATE UNIQUE INDEX district_name ON district (name);

CREATE TABLE account (
    id SERIAL NOT NULL PRIMARY KEY,
    uid VARCHAR(32) NOT NULL,
    email VARCHAR(254) NOT NULL,
    email_confirmed_at TIMESTAMP,
    email_token_hash VARCHAR(64),
    phone VARCHAR(20) NOT NULL,
    given_name VARCHAR(100) NOT NULL,
    family_name VARCHAR(100) NOT NULL,
    pesel BYTEA,
    pesel_index VARCHAR(64),
    birth_date DATE NOT NULL,
    district_id INTEGER NOT NULL,
    street VARCHAR(200) NOT NULL,
    postcode VARCHAR(6) NOT NULL,
    password_hash VARCHAR(200) NOT NULL,
    language VARCHAR(5) NOT NULL,
    wants_news BOOLEAN NOT NULL,
    state VARCHAR(10) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (district_id) REFERENCES district (id) ON DELETE RESTRICT,
    CONSTRAINT account_state_is_known CHECK (state IN ('active', 'frozen')),
    CONSTRAINT account_email_is_lower_case CHECK (email = lower(email)),
    CONSTRAINT account_pesel_is_sealed_with_its_index CHECK ((pesel IS NULL) = (pesel_index IS NULL))
);
CREATE UNIQUE INDEX account_uid ON account (uid);
CREATE UNIQUE INDEX account_email ON account (email);
CREATE UNIQUE INDEX account_email_token_hash ON account (email_token_hash);
CREATE INDEX account_phone ON account (phone);
CREATE UNIQUE INDEX account_pesel_index ON account (pesel_index);
CREATE INDEX account_district_id ON account (district_id);

CREATE TABLE audit_digest (
    id SERIAL NOT NULL PRIMARY KEY,
    day DATE NOT NULL,
    entries BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL,
    CONSTRAINT audit_digest_entries_are_not_negative CHECK (entries >= 0)
);
CREATE UNIQUE INDEX audit_digest_day ON audit_digest (day);

CREATE TABLE audit_entry (
    id SERIAL NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    actor VARCHAR(60) NOT NULL,
    action VARCHAR(60) NOT NULL,
    subject VARCHAR(80) NOT NULL,
    detail TEXT NOT NULL,
    previous VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL
);
CREATE UNIQUE INDEX audit_entry_sequence ON audit_entry (sequence);
CREATE INDEX audit_entry_at ON audit_entry (at);
CREATE INDEX audit_entry_actor ON audit_entry (actor);
CREATE INDEX audit_entry_action ON audit_entry (action);
CREATE INDEX audit_entry_subject ON audit_entry (subject);
CREATE UNIQUE INDEX audit_entry_previous ON audit_entry (previous);
CREATE UNIQUE INDEX audit_entry_hash ON audit_entry (hash);

CREATE TABLE edition (
    id SERIAL NOT NULL PRIMARY KEY,
    code VARCHAR(20) NOT NULL,
    name VARCHAR(150) NOT NULL,
    proposals_from TIMESTAMP,
    proposals_to TIMESTAMP,
    corrections_to TIMESTAMP,
    admitted_on TIMESTAMP,
    protests_to TIMESTAMP,
    voting_from TIMESTAMP NOT NULL,
    voting_to TIMESTAMP NOT NULL,
    results_on TIMESTAMP NOT NULL,
    citywide_picks INTEGER NOT NULL,
    district_picks INTEGER NOT NULL,
    all_required BOOLEAN NOT NULL,
    minimum_age INTEGER,
    supporters_required INTEGER NOT NULL,
    count_rule VARCHAR(20) NOT NULL,
    tie_order VARCHAR(100) NOT NULL,
    lot_seed VARCHAR(100) NOT NULL,
    archived BOOLEAN NOT NULL,
    CONSTRAINT edition_voting_ends_after_it_begins CHECK (voting_from < voting_to),
    CONSTRAINT edition_results_follow_voting CHECK (voting_to <= results_on),
    CONSTRAINT edition_proposals_end_after_they_begin CHECK (proposals_from < proposals_to),
    CONSTRAINT edition_picks_are_few CHECK (citywide_picks BETWEEN 0 AND 20 AND district_picks BETWEEN 0 AND 20),
    CONSTRAINT edition_minimum_age_is_an_age CHECK (minimum_age BETWEEN 0 AND 120),
    CONSTRAINT edition_supporters_are_not_negative CHECK (supporters_required >= 0),
    CONSTRAINT edition_count_rule_is_known CHECK (count_rule IN ('greedy'))
);
CREATE UNIQUE INDEX edition_code ON edition (code);
CREATE INDEX edition_voting_from ON edition (voting_from);

CREATE TABLE pool (
    id SERIAL NOT NULL PRIMARY KEY,
    edition_id INTEGER NOT NULL,
    district_id INTEGER,
    budget BIGINT NOT NULL,
    min_cost BIGINT,
    max_cost BIGINT,
    minimum_points NUMERIC(14, 4) NOT NULL,
    default_points NUMERIC(14, 4) NOT NULL,
    FOREIGN KEY (edition_id) REFERENCES edition (id) ON DELETE RESTRICT,
    FOREIGN KEY (district_id) REFERENCES district (id) ON DELETE RESTRICT,
    CONSTRAINT pool_budget_is_not_negative CHECK (budget >= 0),
    CONSTRAINT pool_cost_limits_are_in_order CHECK (min_cost <= max_cost)
);
CREATE INDEX pool_edition_id ON pool (edition_id);
CREATE INDEX pool_district_id ON pool (district_id);
CREATE UNIQUE INDEX pool_edition_id_district_id ON pool (edition_id, district_id);
CREATE UNIQUE INDEX pool_citywide_is_one_per_edition ON pool (edition_id) WHERE district_id IS NULL;

CREATE TABLE proposal (
    id SERIAL NOT NULL PRIMARY KEY,
    uid VARCHAR(32) NOT NULL,
    pool_id INTEGER NOT NULL,
    number VARCHAR(60) NOT NULL,
    slug VARCHAR(120) NOT NULL,
    title VARCHAR(500) NOT NULL,
    summary VARCHAR(250) NOT NULL,
    description TEXT NOT NULL,
    justification TEXT NOT NULL,
    place TEXT NOT NULL,
    latitude REAL,
    longitude REAL,
    beneficiaries TEXT NOT NULL,
    categories VARCHAR(250) NOT NULL,
    cost BIGINT NOT NULL,
    state VARCHAR(20) NOT NULL,
    ballot_order INTEGER,
    FOREIGN KEY (pool_id) REFERENCES pool (id) ON DELETE RESTRICT,
    CONSTRAINT proposal_cost_is_not_negative CHECK (cost >= 0),
    CONSTRAINT proposal_state_is_known CHECK (state IN ('draft', 'submitted', 'returned', 'in_assessment', 'admitted',
        'refused', 'protested', 'on_ballot', 'funded', 'not_funded', 'in_progress', 'done', 'abandoned', 'withdrawn'))
);
CREATE UNIQUE INDEX proposal_uid ON proposal (uid);
CREATE INDEX proposal_pool_id ON proposal (pool_id);
CREATE UNIQUE INDEX proposal_slug ON proposal (slug);
CREATE INDEX proposal_state ON proposal (state);
CREATE UNIQUE INDEX proposal_pool_id_number ON proposal (pool_id, number);

CREATE TABLE authorship (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    is_lead BOOLEAN NOT NULL,
    accepted_at TIMESTAMP,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX authorship_proposal_id ON authorship (proposal_id);
CREATE INDEX authorship_account_id ON authorship (account_id);
CREATE UNIQUE INDEX authorship_proposal_id_account_id ON authorship (proposal_id, account_id);
CREATE UNIQUE INDEX authorship_lead_is_one_per_proposal ON authorship (proposal_id) WHERE is_lead;

CREATE TABLE ballot (
    id UUID NOT NULL PRIMARY KEY,
    edition_id INTEGER NOT NULL,
    voter_key VARCHAR(64) NOT NULL,
    channel VARCHAR(10) NOT NULL,
    district_id INTEGER,
    state VARCHAR(12) NOT NULL,
    void_reason VARCHAR(250) NOT NULL,
    cast_at TIMESTAMP NOT NULL,
    commitment VARCHAR(64),
    FOREIGN KEY (edition_id) REFERENCES edition (id) ON DELETE RESTRICT,
    FOREIGN KEY (district_id) REFERENCES district (id) ON DELETE RESTRICT,
    CONSTRAINT ballot_channel_is_known CHECK (channel IN ('online', 'paper')),
    CONSTRAINT ballot_state_is_known CHECK (state IN ('recorded', 'under_check', 'counted', 'void')),
    CONSTRAINT ballot_void_has_a_reason CHECK (state <> 'void' OR void_reason <> '')
) /* SQLite: WITHOUT ROWID */;
CREATE INDEX ballot_edition_id ON ballot (edition_id);
CREATE INDEX ballot_district_id ON ballot (district_id);
CREATE UNIQUE INDEX ballot_is_unique_per_person_and_edition ON ballot (edition_id, voter_key);

CREATE TABLE ballot_draft (
    id SERIAL NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL,
    edition_id INTEGER NOT NULL,
    picks BYTEA NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    FOREIGN KEY (edition_id) REFERENCES edition (id) ON DELETE CASCADE
);
CREATE INDEX ballot_draft_account_id ON ballot_draft (account_id);
CREATE INDEX ballot_draft_edition_id ON ballot_draft (edition_id);
CREATE UNIQUE INDEX ballot_draft_account_id_edition_id ON ballot_draft (account_id, edition_id);

CREATE TABLE choice (
    ballot_id UUID NOT NULL,
    proposal_id INTEGER NOT NULL,
    pool_id INTEGER NOT NULL,
    points NUMERIC(14, 4) NOT NULL,
    rank INTEGER,
    PRIMARY KEY (ballot_id, proposal_id),
    FOREIGN KEY (ballot_id) REFERENCES ballot (id) ON DELETE CASCADE,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE RESTRICT,
    FOREIGN KEY (pool_id) REFERENCES pool (id) ON DELETE RESTRICT
) /* SQLite: WITHOUT ROWID */;
CREATE INDEX choice_ballot_id ON choice (ballot_id);
CREATE INDEX choice_proposal_id ON choice (proposal_id);
CREATE UNIQUE INDEX choice_gives_each_rank_of_a_pool_once ON choice (ballot_id, pool_id, rank);

CREATE TABLE cost_item (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    what VARCHAR(250) NOT NULL,
    amount BIGINT NOT NULL,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    CONSTRAINT cost_item_amount_is_not_negative CHECK (amount >= 0)
);
CREATE INDEX cost_item_proposal_id ON cost_item (proposal_id);

CREATE TABLE email_change (
    id SERIAL NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL,
    email VARCHAR(254) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    CONSTRAINT email_change_email_is_lower_case CHECK (email = lower(email))
);
CREATE UNIQUE INDEX email_change_account_id ON email_change (account_id);
CREATE UNIQUE INDEX email_change_token_hash ON email_change (token_hash);
CREATE INDEX email_change_created_at ON email_change (created_at);

CREATE TABLE officer (
    id SERIAL NOT NULL PRIMARY KEY,
    uid VARCHAR(32) NOT NULL,
    email VARCHAR(254) NOT NULL,
    name VARCHAR(200) NOT NULL,
    role VARCHAR(20) NOT NULL,
    password_hash VARCHAR(200) NOT NULL,
    totp_secret BYTEA NOT NULL,
    totp_step BIGINT NOT NULL,
    enrolment_hash VARCHAR(64),
    enrolment_expires_at TIMESTAMP,
    active BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    CONSTRAINT officer_role_is_known CHECK (role IN ('editor', 'verifier', 'clerk', 'removals', 'coordinator',
        'administrator')),
    CONSTRAINT officer_email_is_lower_case CHECK (email = lower(email))
);
CREATE UNIQUE INDEX officer_uid ON officer (uid);
CREATE UNIQUE INDEX officer_email ON officer (email);
CREATE UNIQUE INDEX officer_enrolment_hash ON officer (enrolment_hash);

CREATE TABLE removal_case (
    id SERIAL NOT NULL PRIMARY KEY,
    number VARCHAR(20) NOT NULL,
    secret BYTEA NOT NULL,
    secret_hash VARCHAR(64) NOT NULL,
    language VARCHAR(5) NOT NULL,
    name BYTEA,
    pesel BYTEA,
    pesel_index VARCHAR(64),
    email BYTEA,
    story BYTEA,
    proof VARCHAR(10) NOT NULL,
    state VARCHAR(12) NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    requested_by_id INTEGER,
    approved_by_id INTEGER,
    extent TEXT NOT NULL,
    protocol BYTEA,
    FOREIGN KEY (requested_by_id) REFERENCES officer (id) ON DELETE RESTRICT,
    FOREIGN KEY (approved_by_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT removal_case_state_is_known CHECK (state IN ('open', 'more_needed', 'confirmed', 'requested', 'removed',
        'refused')),
    CONSTRAINT removal_case_proof_is_known CHECK (proof IN ('in_person', 'scan')),
    CONSTRAINT removal_case_is_approved_by_a_second_officer CHECK (approved_by_id <> requested_by_id),
    CONSTRAINT removal_case_requested_names_its_officer CHECK (state <> 'requested' OR requested_by_id IS NOT NULL),
    CONSTRAINT removal_case_removed_names_two_officers CHECK (state <> 'removed' OR (requested_by_id IS NOT NULL AND
        approved_by_id IS NOT NULL)),
    CONSTRAINT removal_case_has_its_end_once_it_ended CHECK ((closed_at IS NOT NULL) = (state IN ('removed', 'refused'))),
    CONSTRAINT removal_case_pesel_is_sealed_with_its_index CHECK ((pesel IS NULL) = (pesel_index IS NULL))
);
CREATE UNIQUE INDEX removal_case_number ON removal_case (number);
CREATE UNIQUE INDEX removal_case_secret_hash ON removal_case (secret_hash);
CREATE INDEX removal_case_pesel_index ON removal_case (pesel_index);
CREATE INDEX removal_case_state ON removal_case (state);
CREATE INDEX removal_case_created_at ON removal_case (created_at);
CREATE INDEX removal_case_closed_at ON removal_case (closed_at);
CREATE INDEX removal_case_requested_by_id ON removal_case (requested_by_id);
CREATE INDEX removal_case_approved_by_id ON removal_case (approved_by_id);

CREATE TABLE evidence (
    id SERIAL NOT NULL PRIMARY KEY,
    case_id INTEGER NOT NULL,
    uid VARCHAR(32) NOT NULL,
    size INTEGER NOT NULL,
    uploaded_at TIMESTAMP NOT NULL,
    FOREIGN KEY (case_id) REFERENCES removal_case (id) ON DELETE CASCADE,
    CONSTRAINT evidence_size_is_positive CHECK (size > 0)
);
CREATE INDEX evidence_case_id ON evidence (case_id);
CREATE UNIQUE INDEX evidence_uid ON evidence (uid);
CREATE INDEX evidence_uploaded_at ON evidence (uploaded_at);

CREATE TABLE exclusion (
    id SERIAL NOT NULL PRIMARY KEY,
    first_id INTEGER NOT NULL,
    second_id INTEGER NOT NULL,
    FOREIGN KEY (first_id) REFERENCES proposal (id) ON DELETE CASCADE,
    FOREIGN KEY (second_id) REFERENCES proposal (id) ON DELETE CASCADE,
    CONSTRAINT exclusion_is_of_two_proposals CHECK (first_id < second_id)
);
CREATE INDEX exclusion_first_id ON exclusion (first_id);
CREATE INDEX exclusion_second_id ON exclusion (second_id);
CREATE UNIQUE INDEX exclusion_first_id_second_id ON exclusion (first_id, second_id);

CREATE TABLE message (
    id SERIAL NOT NULL PRIMARY KEY,
    key VARCHAR(100) NOT NULL,
    channel VARCHAR(5) NOT NULL,
    recipient VARCHAR(254) NOT NULL,
    template VARCHAR(50) NOT NULL,
    language VARCHAR(5) NOT NULL,
    payload BYTEA,
    state VARCHAR(10) NOT NULL,
    tries INTEGER NOT NULL,
    due_at TIMESTAMP NOT NULL,
    useless_after TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP,
    gateway_id VARCHAR(100),
    error VARCHAR(250) NOT NULL,
    CONSTRAINT message_channel_is_known CHECK (channel IN ('mail', 'sms')),
    CONSTRAINT message_state_is_known CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'failed')),
    CONSTRAINT message_tries_are_not_negative CHECK (tries >= 0)
);
CREATE UNIQUE INDEX message_key ON message (key);
CREATE INDEX message_recipient ON message (recipient);
CREATE INDEX message_created_at ON message (created_at);
CREATE INDEX message_gateway_id ON message (gateway_id);
CREATE INDEX message_state_due_at ON message (state, due_at);

CREATE TABLE password_reset (
    id SERIAL NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX password_reset_account_id ON password_reset (account_id);
CREATE UNIQUE INDEX password_reset_token_hash ON password_reset (token_hash);
CREATE INDEX password_reset_created_at ON password_reset (created_at);

CREATE TABLE phone_change (
    id SERIAL NOT NULL PRIMARY KEY,
    phone VARCHAR(20) NOT NULL,
    code_hash VARCHAR(64),
    code_expires_at TIMESTAMP,
    sent_at TIMESTAMP,
    tries INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    account_id INTEGER NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    CONSTRAINT phone_change_tries_are_at_most_five CHECK (tries BETWEEN 0 AND 5)
);
CREATE INDEX phone_change_created_at ON phone_change (created_at);
CREATE UNIQUE INDEX phone_change_account_id ON phone_change (account_id);

CREATE TABLE publication (
    id SERIAL NOT NULL PRIMARY KEY,
    edition_id INTEGER NOT NULL,
    results TEXT NOT NULL,
    kept_at TIMESTAMP NOT NULL,
    removed INTEGER NOT NULL,
    corrected_at TIMESTAMP,
    corrected_by_id INTEGER,
    corrected INTEGER NOT NULL,
    FOREIGN KEY (edition_id) REFERENCES edition (id) ON DELETE RESTRICT,
    FOREIGN KEY (corrected_by_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT publication_ballots_are_not_negative CHECK (removed >= 0 AND corrected >= 0),
    CONSTRAINT publication_correction_names_its_officer CHECK ((corrected_at IS NULL) = (corrected_by_id IS NULL))
);
CREATE UNIQUE INDEX publication_edition_id ON publication (edition_id);
CREATE INDEX publication_corrected_by_id ON publication (corrected_by_id);

CREATE TABLE recovery_code (
    id SERIAL NOT NULL PRIMARY KEY,
    officer_id INTEGER NOT NULL,
    code_hash VARCHAR(64) NOT NULL,
    FOREIGN KEY (officer_id) REFERENCES officer (id) ON DELETE CASCADE
);
CREATE INDEX recovery_code_officer_id ON recovery_code (officer_id);
CREATE UNIQUE INDEX recovery_code_code_hash ON recovery_code (code_hash);

CREATE TABLE registration (
    id SERIAL NOT NULL PRIMARY KEY,
    phone VARCHAR(20) NOT NULL,
    code_hash VARCHAR(64),
    code_expires_at TIMESTAMP,
    sent_at TIMESTAMP,
    tries INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    data BYTEA NOT NULL,
    CONSTRAINT registration_tries_are_at_most_five CHECK (tries BETWEEN 0 AND 5)
);
CREATE INDEX registration_created_at ON registration (created_at);
CREATE UNIQUE INDEX registration_token_hash ON registration (token_hash);

CREATE TABLE removal_step (
    id SERIAL NOT NULL PRIMARY KEY,
    case_id INTEGER NOT NULL,
    at TIMESTAMP NOT NULL,
    deed VARCHAR(12) NOT NULL,
    officer_id INTEGER,
    words BYTEA,
    FOREIGN KEY (case_id) REFERENCES removal_case (id) ON DELETE CASCADE,
    FOREIGN KEY (officer_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT removal_step_deed_is_known CHECK (deed IN ('opened', 'scan_added', 'answered', 'more_asked', 'confirmed',
        'frozen', 'unfrozen', 'requested', 'returned', 'removed', 'refused'))
);
CREATE INDEX removal_step_case_id ON removal_step (case_id);
CREATE INDEX removal_step_officer_id ON removal_step (officer_id);

CREATE TABLE send_count (
    id SERIAL NOT NULL PRIMARY KEY,
    scope VARCHAR(100) NOT NULL,
    "window" TIMESTAMP NOT NULL,
    sent INTEGER NOT NULL
);
CREATE UNIQUE INDEX send_count_scope_window ON send_count (scope, "window");

CREATE TABLE session (
    id SERIAL NOT NULL PRIMARY KEY,
    uid VARCHAR(32) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    account_id INTEGER,
    officer_id INTEGER,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    proved_at TIMESTAMP NOT NULL,
    user_agent VARCHAR(200) NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE,
    FOREIGN KEY (officer_id) REFERENCES officer (id) ON DELETE CASCADE,
    CONSTRAINT session_belongs_to_one_person CHECK ((account_id IS NULL) <> (officer_id IS NULL))
);
CREATE UNIQUE INDEX session_uid ON session (uid);
CREATE UNIQUE INDEX session_token_hash ON session (token_hash);
CREATE INDEX session_account_id ON session (account_id);
CREATE INDEX session_officer_id ON session (officer_id);

CREATE TABLE support (
    id SERIAL NOT NULL PRIMARY KEY,
    proposal_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (proposal_id) REFERENCES proposal (id) ON DELETE CASCADE,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX support_proposal_id ON support (proposal_id);
CREATE INDEX support_account_id ON support (account_id);
CREATE UNIQUE INDEX support_proposal_id_account_id ON support (proposal_id, account_id);

CREATE TABLE throttle (
    id SERIAL NOT NULL PRIMARY KEY,
    scope VARCHAR(100) NOT NULL,
    failures INTEGER NOT NULL,
    failed_at TIMESTAMP NOT NULL,
    blocked_until TIMESTAMP NOT NULL,
    CONSTRAINT throttle_failures_are_not_negative CHECK (failures >= 0)
);
CREATE UNIQUE INDEX throttle_scope ON throttle (scope);
CREATE INDEX throttle_failed_at ON throttle (failed_at);
