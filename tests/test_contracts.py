"""The rooms keep to themselves: the contracts hold, and each breaks when it should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WIRE_ROOMS = "wire knows no other room"
WIRE_IO = "wire does no I/O and holds no private key"
SERVER_ROOMS = "server reaches neither keys nor the laptop"
SERVER_CRYPTO = "server cannot decrypt, and signs in one file"
COURIER_ROOMS = "courier knows wire alone"
COURIER_CRYPTO = "courier can read nothing"
KEYS_ROOMS = "keys knows wire alone"
KEYS_NETWORK = "keys has no network"
REVIEWER_ROOMS = "reviewer knows neither server nor courier"
REVIEWER_NETWORK = "reviewer has no network, and leaves cryptography to keys"
LAYERS = "inside a room, api calls services and services call storage"

ED25519 = "cryptography.hazmat.primitives.asymmetric.ed25519"
FORBIDDEN = [
    ("intake/wire", "import keys", WIRE_ROOMS),
    ("intake/wire", "import intake.courier", WIRE_ROOMS),
    ("intake/wire", "import socket", WIRE_IO),
    ("intake/wire", "from urllib import request", WIRE_IO),
    ("intake/wire", "import fastapi", WIRE_IO),
    ("intake/wire", "import sqlalchemy", WIRE_IO),
    ("intake/wire", f"from {ED25519} import Ed25519PrivateKey", WIRE_IO),
    ("intake/server", "import keys", SERVER_ROOMS),
    ("intake/server", "import intake.reviewer", SERVER_ROOMS),
    ("intake/server", "from cryptography.hazmat.primitives import ciphers", SERVER_CRYPTO),
    ("intake/server", "from cryptography.hazmat.primitives.ciphers.aead import AESGCM", SERVER_CRYPTO),
    ("intake/server", "import cryptography.hazmat.primitives.hpke", SERVER_CRYPTO),
    ("intake/server", f"from {ED25519} import Ed25519PrivateKey", SERVER_CRYPTO),
    ("intake/server", "import nacl.secret", SERVER_CRYPTO),
    ("intake/server", "import nacl.public", SERVER_CRYPTO),
    ("intake/server", "import pyrage", SERVER_CRYPTO),
    ("intake/server", "from importlib import import_module", SERVER_CRYPTO),
    ("intake/courier", "import keys", COURIER_ROOMS),
    ("intake/courier", "import intake.server", COURIER_ROOMS),
    ("intake/courier", f"from {ED25519} import Ed25519PrivateKey", COURIER_CRYPTO),
    ("keys", "import intake.reviewer", KEYS_ROOMS),
    ("keys", "import intake.server", KEYS_ROOMS),
    ("keys", "import httpx", KEYS_NETWORK),
    ("keys", "import socket", KEYS_NETWORK),
    ("intake/reviewer", "import intake.server", REVIEWER_ROOMS),
    ("intake/reviewer", "import httpx", REVIEWER_NETWORK),
    ("intake/reviewer", "def later():\n    import socket", REVIEWER_NETWORK),
    ("intake/reviewer", "import cryptography", REVIEWER_NETWORK),
]

DECRYPTS = (
    "cryptography.fernet",
    "cryptography.hazmat.decrepit",
    "cryptography.hazmat.primitives.asymmetric.mlkem",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.asymmetric.x25519",
    "cryptography.hazmat.primitives.ciphers",
    "cryptography.hazmat.primitives.hpke",
    "cryptography.hazmat.primitives.keywrap",
    "nacl",
    "pyrage",
    "sqlcipher3",
)
LIST_SERVER_IMPORTS = """
import importlib, pkgutil, sys
import intake.server
for module in pkgutil.walk_packages(intake.server.__path__, "intake.server."):
    importlib.import_module(module.name)
print(*sorted(sys.modules), sep="\\n")
"""


def copy_tree(root: Path, target: Path) -> Path:
    """Copies all that the contracts look at to `target`, which is returned."""
    junk = shutil.ignore_patterns("__pycache__", "vectors")
    for room in ("intake", "keys"):
        shutil.copytree(root / room, target / room, ignore=junk)
    (target / "tests").mkdir()
    shutil.copy(root / "tests" / "import_contract.py", target / "tests")
    shutil.copy(root / "pyproject.toml", target)
    return target


@pytest.fixture
def copied_tree(root: Path, tmp_path: Path) -> Path:
    return copy_tree(root, tmp_path)


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """What lint-imports says about the code in `tree`, on lines long enough not to be broken."""
    program = str(Path(sys.executable).with_name("lint-imports"))
    wide = os.environ | {"COLUMNS": "1000"}
    return subprocess.run([program, "--no-logo", "--no-cache"], cwd=tree, capture_output=True, text=True, env=wide)


def complaints(output: str) -> dict[str, str]:
    """What lint-imports says about each broken contract: its name -> the lines below its heading."""
    pieces = re.split(r"^(.+)\n-{3,}\n", output.partition("Broken contracts")[2], flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def plant(tree: Path, folder: str, source: str, module: str) -> None:
    """Adds a module with this source to the copy."""
    (tree / folder / f"{module}.py").write_text(source + "\n", "utf-8")


@pytest.fixture(scope="module")
def planted(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of a copy in which every forbidden import has a module of its own, two of them indirect."""
    tree = copy_tree(root, tmp_path_factory.mktemp("planted") / "tree")
    for number, (folder, source, _) in enumerate(FORBIDDEN):
        plant(tree, folder, source, f"planted_{number}")
    plant(tree, "intake/wire", "import cryptography.hazmat.primitives.ciphers.modes", "planted_ciphers")
    plant(tree, "intake/wire", "import keys", "planted_keys")
    plant(tree, "intake/server", "import intake.wire.planted_ciphers\nimport intake.wire.planted_keys", "planted_far")
    return complaints(lint(tree).stdout)


def test_contracts_of_the_tree_are_kept(root: Path) -> None:
    result = lint(root)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("number", range(len(FORBIDDEN)), ids=[f"{room}-{what}" for room, what, _ in FORBIDDEN])
def test_contract_with_a_planted_import_breaks(planted: dict[str, str], number: int) -> None:
    folder, _, contract = FORBIDDEN[number]
    assert re.search(rf"{folder.replace('/', '.')}.planted_{number}\b", planted[contract])


def test_contract_with_an_indirect_import_of_ciphers_breaks_for_the_server(planted: dict[str, str]) -> None:
    assert "intake.wire.planted_ciphers is not allowed to import" in planted[SERVER_CRYPTO]


def test_contract_with_an_indirect_import_of_keys_breaks_for_the_server(planted: dict[str, str]) -> None:
    assert re.search(
        r"server\.planted_far -> intake\.wire\.planted_keys.*\s+.*planted_keys -> keys", planted[SERVER_ROOMS]
    )


def test_contract_with_storage_calling_api_breaks(copied_tree: Path) -> None:
    shutil.rmtree(copied_tree / "intake" / "reviewer")
    plant_room(copied_tree / "intake" / "reviewer", api="VALUE = 1", storage="import intake.reviewer.api")
    assert LAYERS in complaints(lint(copied_tree).stdout)


def plant_room(folder: Path, **modules: str) -> None:
    """Makes a small room of these modules: name -> source."""
    folder.mkdir()
    for name, source in {"__init__": "", **modules}.items():
        (folder / f"{name}.py").write_text(source + "\n", "utf-8")


def test_contract_with_a_private_key_in_the_signing_file_alone_is_kept(copied_tree: Path) -> None:
    shutil.rmtree(copied_tree / "intake" / "server")
    private = f"from {ED25519} import Ed25519PrivateKey"
    plant_room(copied_tree / "intake" / "server", signing=private)
    assert SERVER_CRYPTO not in complaints(lint(copied_tree).stdout)
    plant(copied_tree, "intake/server", private, "elsewhere")
    assert SERVER_CRYPTO in complaints(lint(copied_tree).stdout)


def loaded_by(program: str, folder: Path) -> set[str]:
    """The names of all modules in memory after running `program` in a Python of its own."""
    result = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def under(names: set[str], *prefixes: str) -> list[str]:
    """Those names that are one of the dotted prefixes or below one, sorted."""
    return sorted(n for n in names if any(n == p or n.startswith(f"{p}.") for p in prefixes))


def test_server_when_all_of_it_is_imported_holds_nothing_that_decrypts(root: Path) -> None:
    names = loaded_by(LIST_SERVER_IMPORTS, root)
    assert "intake.server" in names
    assert under(names, "keys", "intake.reviewer", "intake.courier", *DECRYPTS) == []


def test_server_import_listing_finds_a_planted_cipher(copied_tree: Path) -> None:
    plant(copied_tree, "intake/server", "import cryptography.hazmat.primitives.ciphers.aead\nimport keys", "planted")
    names = loaded_by(LIST_SERVER_IMPORTS, copied_tree)
    assert under(names, *DECRYPTS)
    assert under(names, "keys")
