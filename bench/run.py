"""Speed, as ratios measured in one run: ``make bench``. Aims stand beside what was measured.

Run with an interpreter that has the real SDK. Deploys with it, then measures over plain HTTP, because the SDK's own
polling is slower than what is measured. Everything talks to loopback; nothing is left behind.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from platform_under_test import Client, Deployed, deploy, platform, seconds_of

ROOT = Path(__file__).parents[1]
EXECUTIONS, ROUND_TRIPS, STARTS, HELPS = 60, 300, 5, 15


@dataclass(frozen=True)
class Figure:
    """One line of the result. ``ratio`` is against ``baseline``, both from this run."""

    name: str
    seconds: float
    baseline: str
    baseline_seconds: float
    aim: str
    met: bool

    @property
    def ratio(self) -> float:
        return self.seconds / self.baseline_seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faas", type=Path, default=ROOT / ".venv/bin/faas")
    parser.add_argument("--json", action="store_true", help="machine output")
    arguments = parser.parse_args()
    figures = measure(arguments.faas.absolute(), say=not arguments.json)
    if arguments.json:
        print(json.dumps([asdict(figure) | {"ratio": figure.ratio} for figure in figures], indent=1))
    else:
        show(figures)
    return 0


def measure(faas: Path, *, say: bool) -> list[Figure]:
    """Every figure, in one run on one machine."""
    tell: Callable[[str], None] = (lambda text: print(text, file=sys.stderr, flush=True)) if say else (lambda _: None)
    python = faas.parent / "python"
    tell("the empty interpreter, dlp --help, platform starts ...")
    empty = statistics.median(seconds_of([python, "-c", "pass"]) for _ in range(HELPS))
    helps = statistics.median(seconds_of([faas.parent / "dlp", "--help"]) for _ in range(HELPS))
    starts = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder, platform(faas, Path(folder)) as (_url, _admin, took):
            starts.append(took)
    tell("deploy and executions ...")
    with tempfile.TemporaryDirectory() as folder, platform(faas, Path(folder)) as (url, admin, _took):
        deploy(url, admin, Path(folder), "warm-up")  # the environment is cached from here on
        service = deploy(url, admin, Path(folder), "measured")
        client = Client(url, admin)
        trips = [client.timed("GET", "/healthz")[0] for _ in range(ROUND_TRIPS)]
        waits = [create_to_start(client, service) for _ in range(EXECUTIONS)]
    trip, wait = statistics.median(trips), statistics.median(waits)
    start = statistics.median(starts)
    interpreter = "an empty interpreter"
    return [
        Figure("create to start, warm", wait, "bare HTTP round trip", trip, "10 round trips", wait <= 10 * trip),
        Figure("platform start to ready", start, interpreter, empty, "2 s", start <= 2),
        Figure(
            "deploy to first execution",
            service.first_seconds,
            interpreter,
            empty,
            "1.5 s",
            service.first_seconds <= 1.5,
        ),
        Figure("dlp --help", helps, interpreter, empty, "200 ms", helps <= 0.2),
    ]


def create_to_start(client: Client, service: Deployed) -> float:
    """From before the request that creates an execution to the first line of the function, by one clock."""
    before = time.time()
    execution = client.call("POST", f"/api/v1/executions/{service.service_id}", {"functionName": "run", "input": {}})
    return float(client.output_of(execution["id"])) - before


def show(figures: list[Figure]) -> None:
    print(f"{'':28}{'median':>10}{'ratio':>9}  against {'':22}aim")
    for figure in figures:
        mark = "met" if figure.met else "missed"
        against = f"{figure.baseline} ({figure.baseline_seconds * 1000:.2f} ms)"
        print(
            f"{figure.name:28}{figure.seconds * 1000:>7.1f} ms{figure.ratio:>8.1f}x  {against:38}{figure.aim}: {mark}"
        )


if __name__ == "__main__":
    sys.exit(main())
