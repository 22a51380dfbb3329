from kit.texts import shortened


def test_only_a_shortened_text_ends_in_an_ellipsis():
    assert shortened("x" * 80, 80) == "x" * 80
    assert shortened("x" * 81, 80) == "x" * 80 + "…"
    assert shortened("", 80) == ""
