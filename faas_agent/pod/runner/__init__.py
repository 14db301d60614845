"""The user's side of a replica: standard library only, Python 3.8 or newer, run by the user's own interpreter.

Enters: frames from the host (``wire.md``). Leaves: frames to the host. It works from a bare copy of this folder
(``python /path/to/runner --socket PATH``) and never needs the rest of the project to be installed.
"""
