"""Runs in a virtual machine what the driver asks for. It is copied there, and stands alone.

A request is a line of JSON that comes through the port, `{"command": [...], "wait": true}`; so is the
answer, `{"status": 0, "output": "...", "complaint": "..."}`. The first line is the greeting.
"""

import json
import os
import subprocess
import tempfile
import time

PORT = "/dev/virtio-ports/driver"


def run(command: list[str], wait: bool) -> dict[str, object]:
    # A file, as a process left in the background may keep it open.
    with tempfile.TemporaryFile() as complaint:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if wait else subprocess.DEVNULL,
            stderr=complaint,
        )
        if not wait:
            return {"status": -2, "output": "", "complaint": ""}
        output = process.communicate()[0].decode(errors="replace")
        complaint.seek(0)
        told = complaint.read().decode(errors="replace")
    return {"status": process.returncode, "output": output, "complaint": told}


# udev makes it.
while not os.path.exists(PORT):
    time.sleep(0.1)
port = os.open(PORT, os.O_RDWR)
with open(port, "rb") as requests, open(port, "wb", buffering=0, closefd=False) as answers:
    answers.write(b"{}\n")
    for line in requests:
        answer = json.dumps(run(**json.loads(line))).encode() + b"\n"
        while answer:
            answer = answer[answers.write(answer) :]
