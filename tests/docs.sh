#!/bin/sh
# docs.sh DPSIM-DOCS DOCS - what is checked in below docs/ is what the tables say.
set -u
failed=0
for doc in attributes.md actions.md scenarios.md limits.md flow-put.dict; do
    "$1" "$doc" | diff -u "$2/$doc" - || { echo "docs/$doc is stale: dpsim-docs $doc > docs/$doc"; failed=1; }
done
exit $failed
