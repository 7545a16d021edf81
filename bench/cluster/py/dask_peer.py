"""Dask distributed: a scheduler and workers, each a process of its own."""
import itertools
import socket
import sys

import driver
from bodies import BATCH

try:
    import distributed
except ImportError as e:
    driver.answer(missing=str(e))
    sys.exit()


class Peer:
    children = driver.Children()
    client = None

    def prepare(self, processes, threads):
        if self.client:
            self.client.close()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.children.start(sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1",
                            "--port", str(port), "--no-dashboard")
        for _ in range(processes):
            self.children.start(sys.executable, "-m", "distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}",
                                "--host", "127.0.0.1", "--nthreads", str(threads), "--no-nanny", "--no-dashboard",
                                "--local-directory", ".")
        self.client = distributed.Client(f"tcp://127.0.0.1:{port}", timeout=30)
        self.client.wait_for_workers(processes, timeout=30)

    def loop(self, body, args):
        # Not pure: else what was asked for before would not be run again.
        return self.client.gather(self.client.map(body, args, pure=False))

    def batches(self, body, args):
        # By hand, which takes half the time of a dask.bag with such partitions.
        lists = [args[i:i + BATCH] for i in range(0, len(args), BATCH)]
        done = self.client.map(lambda batch: [body(a) for a in batch], lists, pure=False)
        return list(itertools.chain(*self.client.gather(done)))

    def one(self, body, arg):
        return self.client.submit(body, arg, pure=False).result(timeout=driver.LIMIT)


driver.drive(distributed.__version__, Peer())
