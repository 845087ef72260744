"""A translation memory: what it offers for a new sentence, and what it warns of."""

import tempfile

import xling

UNITS = [
    ("電源を切ってください。", "Please turn off the power."),
    ("電源を切らないでください。", "Please do not turn off the power."),
    ("保証期間は2年です。", "The warranty lasts two years."),
    ("駅はどこですか。", "Where is the station?"),
]

with tempfile.TemporaryDirectory() as directory, xling.open_memory("manual", path=directory) as memory:
    memory.add(UNITS, source="ja", target="en")
    for question in (
        "電源を切ってください。",
        "保証期間は3年です。",
        "最寄り駅の場所を教えてください。",
        "Wo ist der Bahnhof?",
    ):
        print(question)
        for match in memory.lookup(question, source="ja" if ord(question[0]) > 0x3000 else "de", target="en", limit=2):
            how = f"{match.percent} %" if match.percent is not None else f"meaning {match.confidence:.2f}"
            print(f"    {how:12} {match.target}  {' '.join(match.flags)}")
