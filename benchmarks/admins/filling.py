"""A million pictures, written by the database itself.

Of each hundred one has failed, ten have no alternative text. "harbour" is in a quarter of
them, "lighthouse" in one of 50,000.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, text

from cms import fulltext
from cms.accounts.models import User
from cms.extensions import db

PEOPLE = 10

NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})"
    " {insert} FROM n",
    "postgresql": "{insert} FROM generate_series(1, {number}) AS n(i)",
}
PADDED = {"sqlite": "printf('%064x', i)", "postgresql": "lpad(to_hex(i), 64, '0')"}
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', '2024-01-01', i || ' minutes') || '.000000'",
    "postgresql": "timestamptz '2024-01-01 00:00:00+00' + i * interval '1 minute'",
}
NO = {"sqlite": "0", "postgresql": "false"}

PICTURES = """
INSERT INTO image (id, title, alt_text, filename, key, mime, size, sha256, width, height,
  orientation, status, animated, focal_x, focal_y, version, owner_id, created_at, processed_at)
SELECT i,
  CASE i % 4 WHEN 0 THEN 'Harbour at dawn ' WHEN 1 THEN '运河边的老茶馆 '
    WHEN 2 THEN 'Minutes of the meeting ' ELSE 'Mountain lake ' END || i ||
    CASE WHEN i % 50000 = 7 THEN ' lighthouse' ELSE '' END,
  CASE WHEN i % 10 = 0 THEN '' ELSE 'A view of number ' || i * 2003 % 1000003 END,
  'IMG_' || i || '.jpg', 'originals/' || i || '.jpg', 'image/jpeg', i * 79 % 9000000 + 1000,
  {padded}, 1600, 1200, 'wide',
  CASE WHEN i % 100 = 3 THEN 'failed' WHEN i % 2000 = 1 THEN 'pending' ELSE 'ready' END,
  {no}, 0.5, 0.5, 1, i % {people} + {first}, {moment}, {moment}
"""
THUMBNAILS = """
INSERT INTO rendition (image_id, preset, format, recipe, key, mime, width, height, size, created_at)
SELECT id, 'thumbnail', 'jpeg', 'r', 'thumbnails/' || id, 'image/jpeg', 200, 150, 9000, created_at
FROM image WHERE status = 'ready'
"""


def fill(number: int) -> None:
    """Write the pictures, if there are none yet."""
    if db.session.scalar(text("SELECT 1 FROM image LIMIT 1")):
        return
    people = [
        {"email": f"editor{i}@example.org", "password": "", "active": True, "fs_uniquifier": str(i)}
        for i in range(PEOPLE)
    ]
    db.session.execute(insert(User), people)
    first = db.session.scalar(text('SELECT min(id) FROM "user"'))
    connection = db.session.connection()
    fulltext.remove(connection)
    _write(connection, number, first)
    fulltext.install(connection)
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
            own.execute(text("VACUUM ANALYZE"))


def _write(connection: Connection, number: int, first: int) -> None:
    kind = connection.dialect.name
    pictures = PICTURES.format(
        padded=PADDED[kind], no=NO[kind], moment=MOMENT[kind], people=PEOPLE, first=first
    )
    if kind == "sqlite":
        connection.exec_driver_sql("PRAGMA cache_size = -200000")
    connection.exec_driver_sql(
        NUMBERS[kind].format(number=number, insert=pictures).replace("%", "%%")
        if kind == "postgresql"
        else NUMBERS[kind].format(number=number, insert=pictures)
    )
    connection.exec_driver_sql(THUMBNAILS)
    if kind == "postgresql":
        connection.exec_driver_sql("SELECT setval('image_id_seq', (SELECT max(id) FROM image))")
