#!/bin/sh
# afl.sh BUILD CORPUS - AFL++'s custom mutator: loads, bends inputs within bounds, and the same way for the same seed.
set -eu
cmake --build "$1" --target dpsim-afl >/dev/null
python3 - "$1/lib/libdpsim-afl.so" "$2" <<'END'
import ctypes, os, sys
lib = ctypes.CDLL(sys.argv[1])
lib.afl_custom_init.restype = ctypes.c_void_p
lib.afl_custom_fuzz.restype = ctypes.c_size_t
lib.afl_custom_fuzz.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_void_p),
                                ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
lib.afl_custom_deinit.argtypes = [ctypes.c_void_p]
MOST = 4096

def mutants(seed):
    state, found = lib.afl_custom_init(None, seed), []
    for name in sorted(os.listdir(sys.argv[2])):
        data = open(os.path.join(sys.argv[2], name), 'rb').read()
        for _ in range(50):
            out = ctypes.c_void_p()
            length = lib.afl_custom_fuzz(state, data, len(data), ctypes.byref(out), None, 0, MOST)
            assert length <= MOST, length
            found.append(ctypes.string_at(out, length))
    lib.afl_custom_deinit(state)
    return found

once = mutants(7)
assert once == mutants(7), "another outcome for the same seed"
assert len(set(once)) > len(once) / 4, "hardly anything is bent"
print(len(once), "mutants")
END
