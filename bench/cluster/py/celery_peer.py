"""Celery, with Redis for messages and results. Messages are acknowledged
before a task runs, which is the default.

Of the documented ways to submit many tasks and have all their results,
apply_async with one producer of the pool is faster than a group. The prefetch
multiplier is what the optimizing guide says for many short tasks.
"""
import itertools
import sys

import driver

try:
    import celery
    import redis
except ImportError as e:
    driver.answer(missing=str(e))
    sys.exit()

import tasks
from bodies import BATCH


class Peer:
    children = driver.Children()

    def prepare(self, processes, threads):
        # Threads are a pool of one process, as many as those of all.
        pool, n = ("prefork", processes) if threads == 1 else ("threads", processes * threads)
        self.children.start(sys.executable, "-m", "celery", "-A", "tasks", "worker", "-P", pool, "-c", str(n),
                            "-l", "ERROR", "--prefetch-multiplier", "64",
                            "--without-gossip", "--without-mingle", "--without-heartbeat")
        for _ in range(60):
            if tasks.app.control.ping(timeout=0.5):
                return
        raise RuntimeError("the worker does not begin")

    def loop(self, body, args):
        task = getattr(tasks, body.__name__)
        with tasks.app.producer_pool.acquire(block=True) as producer:
            sent = [task.apply_async((a,), producer=producer) for a in args]
        return [r.get(timeout=driver.LIMIT) for r in sent]

    def batches(self, body, args):
        sent = getattr(tasks, body.__name__).chunks(zip(args), BATCH).apply_async()
        return list(itertools.chain(*sent.get(timeout=driver.LIMIT)))

    def one(self, body, arg):
        return getattr(tasks, body.__name__).delay(arg).get(timeout=driver.LIMIT)


driver.drive(f"{celery.__version__}, redis {redis.__version__}", Peer())
