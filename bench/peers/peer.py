#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python's mmap module.  See peer.h for what is asked and answered."""
import mmap
import sys
import time


def map_and_unmap(path, loops):
    with open(path, "rb") as f:
        fd = f.fileno()
        for _ in range(loops // 4):
            mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ).close()
        cpu = time.process_time_ns()
        wall = time.perf_counter_ns()
        for _ in range(loops):
            mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ).close()
        wall = time.perf_counter_ns() - wall
        cpu = time.process_time_ns() - cpu
    return f"{wall / loops} {cpu / loops} 0"


for line in sys.stdin:
    try:
        command, path, loops = line.split()
        if command != "map":
            raise ValueError(command)
        answer = map_and_unmap(path, int(loops))
    except (OSError, ValueError):
        answer = "?"
    print(answer, flush=True)
