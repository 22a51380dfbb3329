import logging
import warnings

from kit.logs import MAX_LINES, MAX_TEXT, forwarded_logs

LOG = logging.getLogger("job")


def logged(level, act):
    sent = []
    with forwarded_logs(level, lambda *line: sent.append(line)):
        act()
    return sent


def test_lines_below_the_level_are_not_sent():
    def act():
        LOG.info("quiet")
        LOG.warning("loud %s", "ü")

    assert logged("warning", act) == [("warning", "job: loud ü")]


def test_each_warning_is_logged_every_time_and_a_deprecation_never():
    def act():
        for _ in range(2):
            warnings.warn("careful", UserWarning, stacklevel=1)
            warnings.warn("old", DeprecationWarning, stacklevel=1)

    for _ in range(2):
        lines = logged("warning", act)
        assert [level for level, _ in lines] == ["warning", "warning"]
        assert all("careful" in text for _, text in lines)


def test_a_flood_is_cut_and_counted():
    def act():
        for _ in range(MAX_LINES + 7):
            LOG.debug("x")

    lines = logged("debug", act)
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == ("warning", "7 further log lines were dropped.")


def test_a_long_line_is_cut():
    ((_, text),) = logged("error", lambda: LOG.error("x" * 10**6))
    assert len(text) < MAX_TEXT + 50
