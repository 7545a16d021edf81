"""Drives a peer for the Go program.

It prints a line when it knows whether the peer is installed, then answers each
line "case n" with one: seconds, and of tasks one at a time their latencies. All
that it started ends with it, and it ends with its standard input.
"""
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

from bodies import CASES

ANSWERS = sys.stdout
sys.stdout = sys.stderr  # what libraries print is no answer
LIMIT = 300  # seconds that a case may take


class Children:
    """Processes that were started, and what ends them."""

    def __init__(self):
        self.running = []
        self.lock = threading.Lock()

    def start(self, *args):
        with self.lock:
            # A group of its own: what a worker has started ends with it.
            self.running.append(
                subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True))

    def end(self):
        with self.lock:
            for p in self.running:
                try:
                    p.terminate()
                    p.wait(5)
                except subprocess.TimeoutExpired:
                    pass
                try:
                    os.killpg(p.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                p.wait()
            self.running = []


def answer(**what):
    print(json.dumps(what), file=ANSWERS, flush=True)


def drive(version, peer):
    """Answers commands. A peer has children; prepare(processes, threads), which
    starts workers in place of those that a case before needed; loop(body, args),
    which waits for all results and returns them; batches(body, args), the same
    with BATCH items a task; and one(body, arg).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    commands = queue.Queue()

    def read():
        for line in sys.stdin:
            commands.put(line)
        peer.children.end()
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    answer(version=version)
    shape = None
    while True:
        command = commands.get()
        try:
            case, n = command.split()
            body, arg, *wanted = CASES[case]
            if shape != wanted:
                shape = None
                peer.children.end()
                peer.prepare(*wanted)
                shape = wanted
            answer(**run(peer, body, [arg(i) for i in range(int(n))], case))
        except Exception as e:  # noqa: the Go program is to hear of whatever it was
            answer(error=f"{type(e).__name__}: {e}")


def run(peer, body, args, case):
    latencies = []
    began = time.perf_counter()
    if case == "latency":
        results = []
        for a in args:
            at = time.perf_counter()
            results.append(peer.one(body, a))
            latencies.append(time.perf_counter() - at)
    elif case == "batch":
        results = peer.batches(body, args)
    else:
        results = peer.loop(body, args)
    took = time.perf_counter() - began
    if results != [body(a) if body.__name__ != "nap" else a for a in args]:
        raise RuntimeError("results are missing or wrong")
    return {"seconds": took, "latencies": latencies}
