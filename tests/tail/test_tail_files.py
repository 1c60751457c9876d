"""Lines come out once and in order, whatever happens to the files while the agent runs or is down."""


def numbered(start: int, end: int) -> bytes:
    return b"".join(b"line %06d\n" % n for n in range(start, end))


def expected(start: int, end: int) -> list[bytes]:
    return [b"line %06d" % n for n in range(start, end)]


def test_what_is_there_and_what_comes(rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.write("a.log", numbered(3, 5))
    rig.settle()

    assert rig.lines == expected(0, 5)


def test_a_restart_goes_on_where_the_journal_stands(rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.write("a.log", numbered(3, 5))
    rig.restart()
    rig.settle()

    assert rig.lines == expected(0, 5)
