"""Opens abstract unix sockets for Node, which pads their names with zeros and so means others.

door.py connect NAME, door.py serve NAME: run by doors.js, with the channel of child_process in
NODE_CHANNEL_FD. Each connection goes to Node as a descriptor, with the system's word of who is at
its other end. It ends with its parent.
"""

import errno
import json
import os
import select
import socket
import struct
import sys

CHANNEL = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
BACKLOG = 128


def say(message):
    CHANNEL.sendall(json.dumps(message).encode() + b"\n")


def hand_over(connection):
    """And waits until Node has it: two at once could be taken for one."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid, uid, gid = struct.unpack("iII", credentials)
    text = json.dumps({"cmd": "NODE_HANDLE", "type": "net.Socket",
                       "msg": {"pid": pid, "uid": uid, "gid": gid}})
    connection.setblocking(False)  # libuv takes it as it comes
    rights = struct.pack("i", connection.fileno())
    CHANNEL.sendmsg([text.encode() + b"\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    answer = b""
    while b"NODE_HANDLE_ACK" not in answer:
        select.select([CHANNEL], [], [])
        more = CHANNEL.recv(4096)
        if not more:
            sys.exit(0)
        answer += more
    connection.close()


def serve(door):
    while True:
        readable, _, _ = select.select([door, CHANNEL], [], [])
        if CHANNEL in readable and not CHANNEL.recv(4096):
            return
        if door in readable:
            try:
                connection, _ = door.accept()
            except OSError:  # it hung up before, or there are too many descriptors
                select.select([CHANNEL], [], [], 0.01)
                continue
            hand_over(connection)


def main():
    _, what, name = sys.argv
    door = socket.socket(socket.AF_UNIX)
    CHANNEL.setblocking(True)
    try:
        if what == "connect":
            door.connect(b"\0" + os.fsencode(name[1:]))
            hand_over(door)
            return
        door.bind(b"\0" + os.fsencode(name[1:]) if name else b"")
        door.listen(BACKLOG)
    except OSError as why:
        say({"failed": errno.errorcode.get(why.errno, str(why.errno))})
        return
    say({"name": "@" + os.fsdecode(door.getsockname()[1:])})
    serve(door)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError, ConnectionResetError):
        pass
