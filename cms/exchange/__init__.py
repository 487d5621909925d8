"""Rows of lists as files: written by exports, read by imports."""
