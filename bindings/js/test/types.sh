#!/bin/sh
# tsc finds no fault with the sources, and types/ is what it makes of them. Needs TypeScript and the
# types of Node: NODE_TYPES names the folder that @types/node is in.
set -eu
if ! command -v tsc > /dev/null || [ -z "${NODE_TYPES:-}" ]; then
    echo "skipped: there is no tsc here, or NODE_TYPES is not set; npm run check does the same"
    exit 0
fi
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT
tsc -p bindings/js/tsconfig.json --typeRoots "$NODE_TYPES" --outDir "$made"
diff -r bindings/js/types "$made"
