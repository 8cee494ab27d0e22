-- Pages that editors write, with their versions; long work that the worker does for officers.
--
-- Written as PostgreSQL reads it; portal/database.py says how SQLite does. A migration that has landed is never changed.

CREATE TABLE page (
    id SERIAL NOT NULL PRIMARY KEY,
    slug VARCHAR(80) NOT NULL,
    is_news BOOLEAN NOT NULL,
    position INTEGER,
    withdrawn BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX page_slug ON page (slug);

CREATE TABLE page_version (
    id SERIAL NOT NULL PRIMARY KEY,
    page_id INTEGER NOT NULL,
    language VARCHAR(2) NOT NULL,
    number INTEGER NOT NULL,
    title VARCHAR(150) NOT NULL,
    lead VARCHAR(300) NOT NULL,
    body TEXT NOT NULL,
    change VARCHAR(200) NOT NULL,
    author VARCHAR(200) NOT NULL,
    written_at TIMESTAMP NOT NULL,
    publisher VARCHAR(200),
    published_at TIMESTAMP,
    FOREIGN KEY (page_id) REFERENCES page (id) ON DELETE RESTRICT,
    CONSTRAINT page_version_is_published_by_somebody CHECK ((publisher IS NULL) = (published_at IS NULL)),
    CONSTRAINT page_version_numbers_begin_with_one CHECK (number > 0),
    CONSTRAINT page_version_language_is_known CHECK (language IN ('pl', 'en', 'uk'))
);
CREATE INDEX page_version_page_id ON page_version (page_id);
CREATE INDEX page_version_published_at ON page_version (published_at);
CREATE UNIQUE INDEX page_version_page_id_language_number ON page_version (page_id, language, number);

CREATE TABLE job (
    id SERIAL NOT NULL PRIMARY KEY,
    kind VARCHAR(10) NOT NULL,
    about VARCHAR(80) NOT NULL,
    officer_id INTEGER NOT NULL,
    state VARCHAR(10) NOT NULL,
    data TEXT,
    said TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    FOREIGN KEY (officer_id) REFERENCES officer (id) ON DELETE RESTRICT,
    CONSTRAINT job_kind_is_known CHECK (kind IN ('import', 'export', 'count', 'mailing')),
    CONSTRAINT job_state_is_known CHECK (state IN ('waiting', 'running', 'done', 'failed'))
);
CREATE INDEX job_officer_id ON job (officer_id);
CREATE UNIQUE INDEX job_unfinished_is_one_of_its_kind ON job (kind, about) WHERE state IN ('waiting', 'running');
