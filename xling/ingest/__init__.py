"""Documents → points."""

from xling.ingest.writer import DEFAULT_BATCH, ProgressCallback, Writer

__all__ = ["DEFAULT_BATCH", "ProgressCallback", "Writer"]
