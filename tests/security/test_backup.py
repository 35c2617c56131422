"""What a stolen backup gives away."""

import os
import pathlib
import stat

PASSPHRASE = "correct horse battery staple"


def test_a_backup_is_its_owners_alone_whatever_the_umask(house, tmp_path):
    """It holds the ledger's key and the hashes of passwords."""
    house.carl.prompt("p", "hello")
    target = tmp_path / "copy"
    before = os.umask(0)
    try:
        house.cli("backup", target, "--data", house.server.data, check=True)
    finally:
        os.umask(before)
    for path in [target, *target.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))


def test_an_encrypted_backup_tells_nothing_and_comes_back_only_unchanged(house, tmp_path):
    """Without the passphrase: no text, no key. Changed, cut or exchanged files are not restored."""
    house.carl.prompt("p", "a text that must not be found")
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    target = tmp_path / "copy"
    house.cli("backup", target, "--data", house.server.data, "--passphrase-file", secret, check=True)
    key = pathlib.Path(house.server.data, "keys/ledger.key").read_bytes().strip()
    for path in target.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"must not be found" not in content and b"SQLite format" not in content and key not in content

    def restored(name, *options):
        return house.cli("restore", target, "--data", tmp_path / name, *options)

    assert restored("without").returncode != 0
    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase\n")
    assert restored("wrong-one", "--passphrase-file", wrong).returncode != 0 and not (tmp_path / "wrong-one").exists()
    assert restored("good", "--passphrase-file", secret).returncode == 0
    assert (tmp_path / "good/regesta.db").read_bytes().startswith(b"SQLite format")
    database = target / "regesta.db"
    content = database.read_bytes()
    for name, change in (("flipped", content[:200] + bytes([content[200] ^ 1]) + content[201:]), ("cut", content[:-1]),
                         ("longer", content + b"x"), ("exchanged", (target / "backup.json").read_bytes())):
        database.write_bytes(change)
        assert restored(name, "--passphrase-file", secret).returncode != 0, name
        assert not (tmp_path / name).exists()
