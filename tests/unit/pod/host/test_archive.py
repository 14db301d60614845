"""A zip becomes a folder, or a refusal that leaves nothing behind."""

from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faas_agent.errors import StartFailed
from faas_agent.pod.host.archive import unpack
from faas_agent.pod.host.staging import LIMITS, Limits

MIB = 1024**2


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "replica" / "code"


def make_zip(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def special(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (kind | 0o777) << 16
    return entry


def refuse(zip_path: Path, target: Path, why: str, limits: Limits = LIMITS) -> None:
    with pytest.raises(StartFailed, match=why) as caught:
        unpack(zip_path, target, limits)
    assert caught.value.reason == "bad-codebase"
    assert list(target.parent.iterdir()) == [], "something half-written was left"


def test_a_zip_of_a_folder_is_that_folder(tmp_path: Path, target: Path) -> None:
    entries = (("main.py", b"x = 1\n"), ("weights/", b""), ("lib/deep/a.py", b""), ("lib/bild-ä.txt", b"ok"))
    unpack(make_zip(tmp_path / "a.zip", *entries), target)
    assert (target / "main.py").read_bytes() == b"x = 1\n"
    assert (target / "lib/deep/a.py").is_file()
    assert (target / "lib/bild-ä.txt").read_bytes() == b"ok"
    assert (target / "weights").is_dir()
    assert [path.name for path in target.parent.iterdir()] == ["code"]


def test_a_script_stays_executable_and_nothing_else_about_its_mode_is_kept(tmp_path: Path, target: Path) -> None:
    unpack(make_zip(tmp_path / "a.zip", (special("run.sh", stat.S_IFREG | stat.S_ISUID), b"#!")), target)
    assert stat.S_IMODE((target / "run.sh").stat().st_mode) == 0o755


def test_a_target_that_is_there_is_not_touched(tmp_path: Path, target: Path) -> None:
    target.mkdir(parents=True)
    with pytest.raises(FileExistsError):
        unpack(make_zip(tmp_path / "a.zip", ("main.py", b"")), target)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.py", "outside"),
        ("lib/../../evil.py", "outside"),
        ("/etc/evil.py", "outside"),
        ("c:/evil.py", "name"),
        ("C:evil.py", "name"),
        ("lib\\evil.py", "name"),
        ("..\\evil.py", "name"),
        ("evil\n.py", "name"),
        ("a" * 300, "too long"),
        ("/".join("a" * 60), "too long"),
        (".", "without a name"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, target: Path, name: str, why: str) -> None:
    refuse(make_zip(tmp_path / "a.zip", ("main.py", b""), (name, b"")), target, why)


def test_a_name_cut_short_by_a_nul_is_refused(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", ("main.pyX.txt", b""))
    path.write_bytes(path.read_bytes().replace(b"main.pyX", b"main.py\0"))
    refuse(path, target, "not every system can have")


def test_a_zip_with_a_link_is_refused(tmp_path: Path, target: Path) -> None:
    refuse(make_zip(tmp_path / "a.zip", (special("passwd", stat.S_IFLNK), b"/etc/passwd")), target, "link")


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK, stat.S_IFDIR])
def test_a_zip_with_a_special_file_is_refused(tmp_path: Path, target: Path, kind: int) -> None:
    refuse(make_zip(tmp_path / "a.zip", (special("thing", kind), b"")), target, "neither a file nor a folder")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "names",
    [
        ("main.py", "main.py"),
        ("main.py", "Main.py"),
        ("main.py", "./main.py"),
        ("lib/a.py", "LIB/b.py"),
        ("lib", "lib/a.py"),
        ("lib/a.py", "lib"),
        ("\u00e4.py", "a\u0308.py"),
    ],
)
def test_two_names_for_one_file_are_refused(tmp_path: Path, target: Path, names: tuple[str, str]) -> None:
    refuse(make_zip(tmp_path / "a.zip", *((name, b"") for name in names)), target, "the same file")


def test_a_folder_may_be_named_before_and_after_its_files(tmp_path: Path, target: Path) -> None:
    unpack(make_zip(tmp_path / "a.zip", ("lib/", b""), ("lib/a.py", b""), ("lib/b.py", b"")), target)
    assert sorted(path.name for path in (target / "lib").iterdir()) == ["a.py", "b.py"]


def test_too_many_entries_are_refused(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", *((f"{n}.py", b"") for n in range(6)))
    refuse(path, target, "has 6 entries", Limits(entries=5))


def test_a_list_of_entries_that_is_too_long_is_not_even_read(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", *((f"{n}-{'x' * 200}.py", b"") for n in range(5000)))
    refuse(path, target, "list of entries is too long", Limits(entries=5))


def test_a_zip_larger_than_allowed_is_refused(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", ("a", random.Random(1).randbytes(MIB)), ("b", random.Random(2).randbytes(MIB)))
    refuse(path, target, "more than the 1500000 bytes", Limits(total_bytes=1_500_000))


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", ("zeros", bytes(8 * MIB)))
    refuse(path, target, "more than 200 times", Limits(ratio_from_bytes=MIB))


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", ("zeros", bytes(8 * MIB)))
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 8 * MIB), struct.pack("<L", 10)))
    refuse(path, target, "is broken", Limits(total_bytes=MIB))


def test_a_small_file_of_zeros_is_no_bomb(tmp_path: Path, target: Path) -> None:
    unpack(make_zip(tmp_path / "a.zip", ("zeros", bytes(2 * MIB))), target)
    assert (target / "zeros").stat().st_size == 2 * MIB


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_cannot_be_undone_in_bounded_memory_is_refused(tmp_path: Path, target: Path, method: int) -> None:
    refuse(make_zip(tmp_path / "a.zip", ("main.py", b"x" * 100), method=method), target, "another method")


def test_an_encrypted_zip_is_refused(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", ("main.py", b""))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    refuse(path, target, "encrypted")


@pytest.mark.parametrize("spoil", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"PK", lambda b: b"<html>" * 9])
def test_what_is_not_a_zip_is_refused(tmp_path: Path, target: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = make_zip(tmp_path / "a.zip", ("main.py", b"print(1)" * 1000))
    path.write_bytes(spoil(path.read_bytes()))
    refuse(path, target, "is broken")


def test_a_file_whose_bytes_were_changed_is_refused(tmp_path: Path, target: Path) -> None:
    path = make_zip(tmp_path / "a.zip", ("main.py", b"print(1)"), method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"print(1)", b"print(2)"))
    refuse(path, target, "CRC")


def _sound_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main.py", "print('hello')\n" * 20)
        archive.writestr("lib/data.txt", "abc" * 50)
    return buffer.getvalue()


SOUND = _sound_zip()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_whatever_is_wrong_with_the_bytes_the_answer_is_a_folder_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    content = bytearray(SOUND)
    for place, value in changes:
        content[place] = value
    (folder / "a.zip").write_bytes(content)
    try:
        unpack(folder / "a.zip", folder / "out" / "code")
    except StartFailed as error:
        assert error.reason == "bad-codebase"
        assert list((folder / "out").iterdir()) == []
