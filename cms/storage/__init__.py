"""Files behind one interface, whatever keeps them. Knows no web and no database."""

from cms.storage.registry import from_url

__all__ = ["from_url"]
