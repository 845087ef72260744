"""Long histories of one collection: random sequences of adding, updating and deleting, against a plain dictionary."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import xling
from xling.space.stats import LanguageStats

IDS = st.sampled_from(["a", 1, "1", "ü", 2**65])
TEXTS = st.sampled_from(["Thank you", "ありがとう", "Merci", "x" * 900, "y" * 2600])
LANGS = st.sampled_from(["en", "ja", "fr"])
VALUES = st.integers(0, 2)


@pytest.mark.parametrize("kind", ["edge", "local"])
def test_a_collection_is_a_dictionary(kind, tmp_path_factory, encoder):
    from tests.stores import places

    class History(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self._place = places(kind, tmp_path_factory.mktemp("history"))
            self.arguments = self._place.__enter__()("c")
            self.collection = xling.open(**self.arguments, model=encoder)
            self.expected = {}

        @rule(rows=st.lists(st.tuples(IDS, TEXTS, LANGS, VALUES), min_size=1, max_size=4), size=st.integers(1, 3))
        def add(self, rows, size):
            before = dict(self.expected)
            counts = {"added": 0, "updated": 0, "unchanged": 0}
            for id, *rest in rows:
                known = self.expected.get((type(id), id))
                counts["added" if known is None else "unchanged" if known == rest else "updated"] += 1
                self.expected[type(id), id] = rest
            report = self.collection.add(
                [{"id": id, "text": text, "lang": lang, "metadata": {"v": v}} for id, text, lang, v in rows],
                batch_size=size,
            )
            assert {k: getattr(report, k) for k in counts} == counts, (before, rows)

        @rule(ids=st.lists(IDS, min_size=1, max_size=3))
        def delete(self, ids):
            gone = {(type(id), id) for id in ids} & set(self.expected)
            assert self.collection.delete(ids).deleted == len(gone)
            for key in gone:
                del self.expected[key]

        @rule(v=VALUES)
        def delete_by_filter(self, v):
            gone = [key for key, (_, _, value) in self.expected.items() if value == v]
            if not gone:
                return  # the filter would warn that nothing has the field
            assert self.collection.delete(where={"v": v}).deleted == len(gone)
            for key in gone:
                del self.expected[key]

        @rule()
        def reopen(self):
            self.collection.close()
            self.collection = xling.open(**self.arguments, model=encoder)

        @invariant()
        def it_holds_what_was_written(self):
            assert self.collection.count() == len(self.expected)
            for (_, id), (text, lang, v) in self.expected.items():
                document = self.collection.get(id)
                assert (document.text, document.lang, document.metadata) == (text, lang, {"v": v})

        @invariant()
        def its_statistics_count_every_point(self):
            records, _ = self.collection.store.scroll(limit=1000)
            counts = {}
            for record in records:
                counts[record.payload["lang"]] = counts.get(record.payload["lang"], 0) + 1
            current: LanguageStats = self.collection._statistics.current()
            assert current.counts == dict(sorted(counts.items()))

        def teardown(self):
            self.collection.close()
            self._place.__exit__(None, None, None)

    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
