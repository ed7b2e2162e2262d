"""Milvus Lite behind a unix socket, until standard input ends: run as a program by ``lite.py``."""

import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"

from milvus_lite.adapter.grpc.server import start_server_in_thread

if __name__ == "__main__":
    server, database, _ = start_server_in_thread(sys.argv[1], "unix", sys.argv[2])
    sys.stdout.write("up\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop(grace=0)
    database.close()
