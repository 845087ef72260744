"""`xling calibrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from xling.cli import output
from xling.cli.options import Output
from xling.cli.progress import Bar


def calibrate(
    out: Output,
    model: Annotated[
        str | None, typer.Argument(help="Name or path; the model of a new collection if not given.", show_default=False)
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="Where the model runs, e.g. cpu or cuda.")] = None,
) -> None:
    """Measure the language space of a model: what a neutral search takes out, and what its scores mean.

    Otherwise this happens at the first neutral search, once for each model. It is kept in the cache directory; for
    the bundled model it ships with xling. With --json one object with the keys model, languages (of the sample),
    known_languages (those the model places well), calibrated and scores (of random texts and of translations).
    """
    from xling.space.reference import load_reference
    from xling.space.resolve import load_encoder

    encoder = load_encoder(model, device=device)
    with Bar(None) as bar:
        reference = load_reference(encoder, progress=bar.on_progress)
    calibration = reference.calibration
    known = list(calibration.languages) if calibration else []
    if out.json:
        scores = calibration.to_dict() if calibration else None
        output.json_line(
            {
                "model": encoder.name,
                "languages": sorted(reference.stats.counts),
                "known_languages": known,
                "calibrated": calibration is not None,
                "scores": scores and {name: scores[name] for name in ("raw", "neutral")},
            }
        )
        return
    output.line(f"model      {encoder.name}")
    output.line(f"languages  {len(reference.stats.counts)} in the sample, {len(known)} placed well by the model")
    if calibration is None:
        output.line("confidence none: the model does not score translations above random texts")
        return
    for name, scale in (("raw", calibration.raw), ("neutral", calibration.neutral)):
        output.line(
            f"{name:10} random texts {scale.background:.3f} ± {scale.background_sd:.3f}, "
            f"translations {scale.translation:.3f} ± {scale.translation_sd:.3f}"
        )
