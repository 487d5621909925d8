"""Fills the ledger of the QsCMS that the environment names: `python -m` this, with a number."""

import sys

from sqlalchemy import text

from benchmarks.ledger_lists import fill_ledger
from cms.extensions import db
from cms.jobs import tallies
from wsgi import app

if __name__ == "__main__":
    with app.app_context():
        fill_ledger(int(sys.argv[1]))
        # What ended long ago has been summed up long ago, not while others are measured.
        db.session.add(tallies.blank(begins_at=tallies.last_closed(), task="bench"))
        db.session.execute(text("ANALYZE"))
        db.session.commit()
