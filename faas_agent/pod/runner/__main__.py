"""``python /path/to/runner --socket PATH``: makes a package of the folder it lies in, whatever its name, and runs it.

The folder itself leaves ``sys.path``, so that no module of ours is ever found in place of one of the user's.
"""

import importlib
import importlib.util
import os
import sys

PACKAGE = "_faas_runner"


def _run() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    assert spec is not None  # noqa: S101 - a path that ends in .py has a loader
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    importlib.import_module(PACKAGE + ".program").main(sys.argv[1:])


if __name__ == "__main__":
    _run()
