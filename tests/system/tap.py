# SPDX-License-Identifier: MIT
"""What the system tests share: TAP output, running the tools, finding shared test data."""
import json
import os
import signal
import subprocess
import sys
import traceback

BUILD = os.environ.get("BUILD", "build")
SHARED = os.environ.get("DLA_SHARED", "../shared")
DLA = os.path.join(BUILD, "dla")


class Skip(Exception):
    """Raised by a test that cannot run here; its text says what is missing."""


def shared(path):
    """A file of the optional test data; skips the test where it is absent."""
    full = os.path.join(SHARED, path)
    if not os.path.exists(full):
        raise Skip(f"{full} is not there")
    return full


def dla(*args, status=0, tool=None):
    """Run the tool; its standard output, after checking its exit status and that it did not crash."""
    result = subprocess.run([tool or DLA, *args], capture_output=True, text=True, timeout=1200,
                            stdin=subprocess.DEVNULL, check=False)
    assert result.returncode == status, \
        f"dla {' '.join(args)}: status {result.returncode}, not {status}: {result.stderr.strip()}"
    return result.stdout if status == 0 else result.stderr


def dla_json(*args):
    return json.loads(dla(*args, "--json"))


def main(tests):
    """Run functions, or (name, function, argument) tuples, as TAP."""
    failed = False
    # A shell that starts tests in the background has it ignored, and what they start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        name, call = (test[0], lambda t=test: t[1](*t[2:])) if isinstance(test, tuple) else (test.__name__, test)
        try:
            call()
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed = True
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
