"""The Celery application. PARFOR_BENCH_AT is the address of its Redis."""
import os

import bodies
from celery import Celery

app = Celery("tasks", broker=os.environ["PARFOR_BENCH_AT"], backend=os.environ["PARFOR_BENCH_AT"])
app.conf.worker_hijack_root_logger = False
square = app.task(bodies.square, name="square")
echo = app.task(bodies.echo, name="echo")
nap = app.task(bodies.nap, name="nap")
