"""The list of pictures as QsCMS, stock Flask-Admin and Django's admin show it.

Each module is a program: `python -m benchmarks.admins.stock FOLDER DATABASE ROUNDS` prints,
as JSON, how many milliseconds each page took in each round, and its memory.
"""
