"""The list of packages is that of the locks, and no licence is unknown."""

from tools import licences


def test_the_list_of_packages_is_up_to_date():
    assert licences.FILE.read_text(encoding="utf-8") == licences.document(), (
        "Run: .venv/bin/python -m tools.licences"
    )


def test_every_package_of_the_locks_has_a_licence():
    assert {
        one.name
        for one in licences.locked("requirements-dev.lock")
        if licences.licence(one) == "not stated"
    } == set()
