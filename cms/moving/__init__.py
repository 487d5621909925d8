"""Whole sites on their way in and out: from WordPress, from Markdown, as an archive."""
