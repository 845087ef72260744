"""The progress bar of long commands: on a terminal only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from xling.types import Progress


class Bar:
    """Documents done and their rate, with the share of the files' bytes read where their size is known.

    It goes to standard error; where that is no terminal nothing is shown at all.

    Args:
        total_bytes: Size of what is read, None if unknown.
    """

    def __init__(self, total_bytes: int | None) -> None:
        self._total = total_bytes
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(
                SpinnerColumn(),
                BarColumn(),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("loading the model", total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_bytes(self, number: int) -> None:
        """So many more bytes were read."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, number)

    def on_progress(self, progress: Progress) -> None:
        """So many documents are done."""
        if self._bar is not None and self._task is not None:
            shown = f"{progress.done:,} documents, {progress.per_second:,.0f}/s"
            self._bar.update(self._task, description=shown)
