"""The trash of the documents. Their files are given to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from cms.admin import columns
from cms.admin.documents import DocumentView, kind_in_words
from cms.admin.trash import TrashView


class DocumentTrash(TrashView):
    """The documents that were deleted."""

    kind, whence = "document", "document"
    column_list = ("title", "mime", "size", "deleted_by.email", "deleted_at", "purged_at")
    column_labels: ClassVar[dict[str, Any]] = {
        **DocumentView.column_labels,
        **TrashView.column_labels,
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        **TrashView.column_formatters,
        "mime": kind_in_words,
        "size": columns.file_size,
    }
    column_sortable_list: ClassVar[Sequence[Any]] = ("title", "size", "deleted_at")
    column_searchable_list: ClassVar[Sequence[str]] = ("title", "filename")
