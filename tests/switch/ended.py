# ended.py PID - returns when the process has ended, whosever child it is.
import os, select, sys

try:
    select.select([os.pidfd_open(int(sys.argv[1]))], [], [])
except ProcessLookupError:
    pass
