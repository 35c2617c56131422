"""An older database that an operator has accepted: the ledger goes on from it, and says so."""

import shutil

from test_ledger_trust import Place


def test_what_was_accepted_is_a_whole_ledger_again(tmp_path):
    """The whole of an older database, and the newer head of the ledger beside it."""
    place = Place(tmp_path).start()
    place.caller.prompt("letter", "one")
    place.waits_for(2)
    place.stop()
    shutil.copy(place.data / "regesta.db", tmp_path / "yesterday.db")
    place.start()
    place.caller.prompt("letter", "two")
    place.waits_for(3)
    place.stop()
    for leftover in place.data.glob("regesta.db*"):
        leftover.unlink()
    shutil.copy(tmp_path / "yesterday.db", place.data / "regesta.db")
    assert place.verify().returncode == 5
    assert place.cli("ledger", "accept-restore", *place.where(), "--reason", "the disk was lost").returncode == 0
    assert place.verify().returncode == 0, place.verify().stdout
    place.start()
    place.caller.prompt("letter", "three")
    place.waits_for(4)
    place.stop()
    assert place.verify().returncode == 0, place.verify().stdout
