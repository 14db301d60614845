"""``python -m faas_agent.pod.agent``: what a cluster runs for each replica."""

import sys

from faas_agent.pod.agent.main import main

sys.exit(main(sys.argv[1:]))
