"""Fills the ledger of the QsCMS that the environment names: `python -m` this, with a number."""

import sys

from sqlalchemy import text

from benchmarks.lists import fill_ledger
from cms.extensions import db
from wsgi import app

if __name__ == "__main__":
    with app.app_context():
        fill_ledger(int(sys.argv[1]))
        db.session.execute(text("ANALYZE"))
        db.session.commit()
