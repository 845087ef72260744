"""No chunk has more tokens than the model reads, whatever kind of tokenizer it has."""

from __future__ import annotations

import pytest

from xling.space.chunker import Chunker
from xling.space.encoders.api_tokens import byte_level_ends, rule_for
from xling.space.reference import reference_sample
from xling.space.sentence_transformer import SentenceTransformerEncoder

LIMIT = 48


def byt5():
    from transformers import ByT5Tokenizer

    return ByT5Tokenizer()


def canine():
    from transformers import CanineTokenizer

    return CanineTokenizer()


def byte_level_bpe():
    """As GPT-2, RoBERTa and Qwen have it, trained on English: other scripts are spelt out in bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([s.text for s in reference_sample() if s.lang == "en"], trainer)
    tokenizer.post_processor = processors.BertProcessing(("</s>", 1), ("<s>", 0))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", bos_token="<s>")


@pytest.fixture(scope="module", params=[byt5, canine, byte_level_bpe])
def encoder(request, tmp_path_factory):
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel

    place = tmp_path_factory.mktemp(request.param.__name__)
    tokenizer = request.param()
    tokenizer.save_pretrained(place)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=512, max_position_embeddings=LIMIT, **size)).save_pretrained(place)
    modules = [models.Transformer(str(place), max_seq_length=LIMIT), models.Pooling(16)]
    return SentenceTransformerEncoder(SentenceTransformer(modules=modules, device="cpu"), name="tiny", max_tokens=LIMIT)


def test_no_chunk_has_more_tokens_than_the_model_reads(encoder):
    by_lang: dict[str, list[str]] = {}
    for sentence in reference_sample():
        by_lang.setdefault(sentence.lang, []).append(sentence.text)
    texts = [" ".join(sentences[:6]) for sentences in by_lang.values()]
    texts += ["x" * 300, "👩‍👩‍👧 " * 20, "ab12 " * 60]
    spans = Chunker(encoder).spans_many(texts, [*by_lang, "en", "und", "en"])
    tokenizer = encoder._load().tokenizer
    assert sum(map(len, spans)) > 2 * len(texts)
    for text, of_text in zip(texts, spans, strict=True):
        chunks = [text[start:end] for start, end in of_text]
        assert "".join(chunks) == text
        for chunk in chunks:
            ids = tokenizer([chunk])["input_ids"][0]
            assert len(ids) <= LIMIT or len(chunk) < 12  # a grapheme cluster is never broken


def test_tokens_behind_an_api_are_bounded_as_the_tokenizer_is():
    from xling.space.encoders.openai_encoder import OpenAIEncoder

    text = "საქართველო ኢትዮጵያ"
    qwen = OpenAIEncoder("Qwen/Qwen3-Embedding-0.6B", base_url="http://localhost:1/v1")
    assert qwen.token_ends(text) == byte_level_ends(text)
    e5 = OpenAIEncoder("intfloat/multilingual-e5-small", base_url="http://localhost:1/v1")
    assert e5.token_ends(text) == rule_for("x", openai=False, known=True)(text)
