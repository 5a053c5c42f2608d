#!/bin/bash -eu
# build.sh - builds every fuzz target into $OUT, with its corpus, its dictionary and the shared libraries it needs, by the
# variables that OSS-Fuzz and ClusterFuzzLite set: SRC, WORK, OUT, CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE.
# SPDX-License-Identifier: Apache-2.0
source=$SRC/dpsim
build=${WORK:-/tmp}/dpsim-build
tools=${WORK:-/tmp}/dpsim-tools

# (The build type adds no flags of its own.)
cmake -S "$source" -B "$build" -DDPSIM_FUZZ=ON -DCMAKE_BUILD_TYPE=None
cmake --build "$build" -j"$(nproc)"

# The programs that print the dictionaries and draw the seeds run here: without the engine and its sanitizer.
env -u CFLAGS -u CXXFLAGS -u LIB_FUZZING_ENGINE cmake -S "$source" -B "$tools"
cmake --build "$tools" -j"$(nproc)" --target dpsim-fuzz fuzz-grammar

mkdir -p "$OUT/lib"
for binary in "$build"/bin/fuzz_*; do
    target=$(basename "$binary")
    name=${target#fuzz_}
    cp "$binary" "$OUT/"
    # Where it runs there are no such libraries: they come along (its rpath is $ORIGIN/lib).
    ldd "$binary" | awk '$3 ~ /lib(glib|mnl|pcap|pcre|dbus|systemd|ibverbs|nl-)/ { print $3 }' | xargs -r cp -Lt "$OUT/lib"
    seeds=$(mktemp -d)
    cp "$source/fuzz/corpus/$name"/* "$seeds/"
    if "$tools/bin/dpsim-fuzz" generate "$name" >/dev/null 2>&1; then       # it has a generator
        "$tools/bin/dpsim-fuzz" generate "$name" --count 200 "$seeds"
    fi
    (cd "$seeds" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    rm -r "$seeds"
    "$tools/bin/fuzz-grammar" dictionary >"$OUT/$target.dict"
done
