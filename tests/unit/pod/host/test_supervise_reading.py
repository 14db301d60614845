"""What the host reads besides frames: the pipes of a process and the kernel's count of kills."""

from __future__ import annotations

import asyncio
from pathlib import Path

from faas_agent.pod.host import oom
from faas_agent.pod.host.pipes import CHUNK_BYTES, lines_of


def read(*chunks: bytes) -> list[str]:
    async def whole() -> list[str]:
        pipe = asyncio.StreamReader()
        for chunk in chunks:
            pipe.feed_data(chunk)
        pipe.feed_eof()
        return [text async for texts, _ in lines_of(pipe) for text in texts]

    return asyncio.run(whole())


def test_lines_are_whole_whatever_the_chunks_and_the_last_needs_no_end() -> None:
    assert read(b"one\ntw", b"o\n\nthree") == ["one", "two", "", "three"]


def test_bytes_that_are_no_text_do_not_stop_the_reader() -> None:
    assert read(b"\xff\xfe\nafter\n") == ["\ufffd\ufffd", "after"]


def test_a_line_without_end_comes_in_pieces_and_is_not_hoarded() -> None:
    pieces = read(b"x" * (CHUNK_BYTES * 3))
    assert "".join(pieces) == "x" * (CHUNK_BYTES * 3) and len(pieces) > 1


def test_the_kernels_count_is_read_and_an_unreadable_one_is_unknown_not_zero(tmp_path: Path) -> None:
    file = tmp_path / "memory.events"
    file.write_text("low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\n")
    assert oom.kills(file) == 1
    file.write_text("nonsense")
    assert oom.kills(file) is None
    assert oom.kills(None) is None
    assert oom.events_file(2**22 + 1) is None
