"""Everything of an installation in one file, and back: rows of any database, stored files."""
