"""The tables of a spool, and the two questions that rows must be asked together."""

from typing import Final

FORMAT: Final = 1
"""Of the tables: what was saved by another version is not read."""

SCHEMA: Final = """
CREATE TABLE rows (at INTEGER PRIMARY KEY, code TEXT, verdict INTEGER NOT NULL);
CREATE TABLE entries (at INTEGER PRIMARY KEY, code TEXT NOT NULL, lao TEXT NOT NULL, lao_key TEXT NOT NULL,
    lao_name TEXT NOT NULL, lao_email TEXT, said TEXT NOT NULL);
CREATE TABLE findings (at INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, value TEXT NOT NULL,
    suggestion TEXT, other INTEGER, rejects INTEGER NOT NULL);
CREATE TABLE sheets (sheet INTEGER PRIMARY KEY, name TEXT NOT NULL, headers TEXT NOT NULL);
CREATE TABLE changes (kind TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, at INTEGER, was TEXT, becomes TEXT,
    PRIMARY KEY (kind, code)) WITHOUT ROWID;
"""

# Rows with one code: the same row again is passed over, different ones are all rejected; a row without an entry says
# something that nobody knows. Each names another row.
DUPLICATES: Final = """
WITH twice AS (
    SELECT r.code, min(r.at) AS first, count(*) = count(e.at) AND count(DISTINCT e.said) = 1 AS alike
    FROM rows r LEFT JOIN entries e ON e.at = r.at
    WHERE r.code IS NOT NULL GROUP BY r.code HAVING count(*) > 1
)
INSERT INTO findings
SELECT r.at, 'code', CASE WHEN t.alike THEN 'repeated_row' ELSE 'duplicate_code' END, r.code, NULL,
    CASE WHEN r.at = t.first
        THEN (SELECT min(x.at) FROM rows x WHERE x.code = t.code AND x.at > t.first) ELSE t.first END,
    NOT t.alike
FROM twice t JOIN rows r ON r.code = t.code WHERE NOT (t.alike AND r.at = t.first)
"""

# Rows of one LAO must agree on its name, and on its address where they give one. What most rows say is suggested.
SPLIT_LAOS: Final = """
WITH split AS (
    SELECT lao, count(DISTINCT lao_key) > 1 AS named, count(*) AS size
    FROM entries GROUP BY lao HAVING count(DISTINCT lao_key) > 1 OR count(DISTINCT lao_email) > 1
), usual AS (
    SELECT s.lao, s.named,
        CASE WHEN s.named
        THEN (SELECT x.lao_name FROM entries x WHERE x.lao = s.lao GROUP BY x.lao_key HAVING 2 * count(*) > s.size)
        ELSE (SELECT x.lao_email FROM entries x WHERE x.lao = s.lao AND x.lao_email IS NOT NULL
              GROUP BY x.lao_email HAVING 2 * count(*) > s.size)
        END AS says
    FROM split s
)
INSERT INTO findings
SELECT e.at, CASE WHEN u.named THEN 'lao_name' ELSE 'lao_email' END, 'lao_contradicts_itself',
    CASE WHEN u.named THEN e.lao_name ELSE coalesce(e.lao_email, '') END, u.says, NULL, 1
FROM usual u JOIN entries e ON e.lao = u.lao
"""
