"""The one tree of errors and warnings.

Everything xling raises on purpose is an `XlingError`; each message says what was wrong and what to do. Errors
that also are a kind of built-in error (`ValueError`, `ImportError`) inherit from it too, so that code which
does not know xling handles them as it would expect.
"""

from __future__ import annotations


class XlingError(Exception):
    """Base of all errors raised by xling."""


class InvalidInput(XlingError, ValueError):
    """An argument, document, filter or vector that cannot be used. Nothing was written."""


class MissingExtra(XlingError, ImportError):
    """An optional part of xling is not installed; the message gives the pip command."""

    def __init__(self, feature: str, extra: str, package: str) -> None:
        self.extra = extra
        super().__init__(
            f"{feature} needs the package {package!r}, which is not installed. "
            f"Install it with: pip install 'xling[{extra}]'"
        )


class ModelError(XlingError):
    """A model cannot be found, loaded or converted."""


class ModelUnavailable(ModelError):
    """The server that a model runs on could not be reached, is overloaded, or has used up what was paid for."""


class SpaceMismatch(XlingError):
    """A collection was written with another vector space than the one it is opened with."""


class StoreError(XlingError):
    """Qdrant, embedded or server, refused or failed an operation."""


class CollectionNotFound(StoreError):
    """The collection does not exist (and creating it was not asked for)."""


class CollectionLocked(StoreError):
    """An embedded collection is open in another process or object."""


class CollectionClosed(StoreError):
    """A verb was called on a collection after `close()`."""


class StoreUnavailable(StoreError):
    """The Qdrant server could not be reached, or did not answer in time."""


class AccessDenied(StoreError):
    """The Qdrant server refused the API key, or the key may not do this."""


class XlingWarning(UserWarning):
    """Base of all warnings issued by xling."""


class UnknownFieldWarning(XlingWarning):
    """A filter names a field that no document of the collection has."""


class InsecureKeyWarning(XlingWarning):
    """An API key is sent over plain http to another machine."""


class CacheWarning(XlingWarning):
    """The embedding cache is damaged or cannot be written; the work goes on without it."""


class NotDeletedWarning(XlingWarning):
    """`sync` left documents that its source seems to have no longer, since it could not be sure of that."""


class TruncationWarning(XlingWarning):
    """Vectors are cut of a model that was not trained for it; the message says what that costs."""


class FontWarning(XlingWarning):
    """A picture holds characters that no font of this machine has, or that matplotlib cannot lay out."""


class UnfinishedWarning(XlingWarning):
    """A collection does not hold all it is to hold, since what was to fill it was interrupted."""


class SkippedLinesWarning(XlingWarning):
    """Lines of a file of word vectors, word counts or word pairs could not be used; the others were."""


class PlainModelWarning(XlingWarning):
    """A model was not trained to make vectors of sentences; the message says what to expect of it."""
