"""Texts of others in our messages."""

from kit.texts import shortened


def test_a_text_that_is_cut_ends_in_a_sign_and_a_whole_one_does_not():
    assert shortened("x" * 80, 80) == "x" * 80
    assert shortened("x" * 81, 80) == "x" * 80 + "…"
    assert shortened("", 80) == ""
