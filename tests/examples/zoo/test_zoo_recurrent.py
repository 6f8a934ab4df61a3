"""What recurrent networks of the zoo promise beyond their numbers: reading on from states, and blindness to filling."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from dotnn import Session, compile_file, compile_source

from tests.helpers.example_facts import example_path
from tests.helpers.zoo_facts import ALL_FACTS


@cache
def session(name: str) -> Session:
    return Session(compile_file(example_path(name), arguments=ALL_FACTS[name].smaller), provider="cpu", threads=1)


def test_the_translator_of_sutskever_and_others_has_the_published_parameters() -> None:
    """384 million, of which 64 million are between states (section 3.4 there), and biases, which are not counted."""
    model = compile_source(
        """
        import lstm_encoder, lstm_decoder from "dotnn/recurrent"
        model translator {
            input source: int64[N, S]
            input lengths: int64[N]
            input target: int64[N, T]
            _, h, c = source -> encoder: lstm_encoder(lengths, vocabulary=160_000, units=1000, layers=4)
            states = target -> decoder: lstm_decoder(h, c, vocabulary=80_000)
            output scores = states -> fc: dense(80_000)
        }
        """
    )
    assert model.summary().count.params == 384_000_000 + 2 * 4 * 4_000 + 80_000


def test_a_text_may_be_read_letter_by_letter() -> None:
    """The states of each letter, fed with the next one, are all that is needed of what stands before."""
    random = np.random.default_rng(0)
    letters = random.integers(65, size=(2, 6))
    h, c = (random.normal(size=(2, 2, 128)).astype(np.float32) for _ in range(2))
    char_lstm = session("char_lstm")
    at_once = char_lstm.run({"letters": letters, "initial_h": h, "initial_c": c})
    scores = []
    for letter in letters.T:
        found = char_lstm.run({"letters": letter[:, None], "initial_h": h, "initial_c": c})
        h, c = found["final_h"], found["final_c"]
        scores.append(found["logits"][:, 0])
    np.testing.assert_allclose(np.stack(scores, axis=1), at_once["logits"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(h, at_once["final_h"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(c, at_once["final_c"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["seq2seq", "seq2seq_attention"])
def test_what_stands_behind_a_sentence_makes_no_difference(name: str) -> None:
    random = np.random.default_rng(0)
    source, target = random.integers(1, 100, size=(2, 7)), random.integers(90, size=(2, 4))
    feeds = {"source": source, "lengths": np.array([7, 3]), "target": target}
    filled = np.where(np.arange(7) < feeds["lengths"][:, None], source, 0)
    other = source.copy()
    other[:, 1] = 0
    logits, of_filled, of_other = (
        session(name).run({**feeds, "source": words})["logits"] for words in (source, filled, other)
    )
    np.testing.assert_allclose(of_filled, logits, rtol=0, atol=1e-6)
    assert np.abs(of_other - logits).max() > 1e-4


def test_a_caption_looks_at_nothing_but_the_words_so_far() -> None:
    """A later word changes no score before it, so a sentence may be written word by word."""
    random = np.random.default_rng(0)
    image, words = random.normal(size=(1, 3, 33, 33)).astype(np.float32), random.integers(200, size=(1, 5))
    other = words.copy()
    other[0, 3] += 1 if other[0, 3] < 100 else -1
    for name, place in (("caption_lstm", 4), ("caption_attention", 3)):
        first, second = (session(name).run({"image": image, "words": text})["logits"] for text in (words, other))
        np.testing.assert_array_equal(first[:, :place], second[:, :place])
        assert np.abs(first[:, place:] - second[:, place:]).max() > 1e-4
