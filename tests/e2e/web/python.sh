#!/bin/sh
# Bazel 4 has no Python without a network: python3 of the system.
PYTHONDONTWRITEBYTECODE=1 exec python3 "$@"
