#!/bin/sh
# docs.sh DPSIM-DOCS DOCS FUZZ-GRAMMAR - what is checked in below docs/ is what the tables say.
set -u
failed=0
for doc in attributes.md actions.md scenarios.md reply-faults.md limits.md; do
    "$1" "$doc" | diff -u "$2/$doc" - || { echo "docs/$doc is stale: dpsim-docs $doc > docs/$doc"; failed=1; }
done
"$3" dictionary ovs_flow | diff -u "$2/flow-put.dict" - ||
    { echo "docs/flow-put.dict is stale: fuzz-grammar dictionary ovs_flow > docs/flow-put.dict"; failed=1; }
exit $failed
