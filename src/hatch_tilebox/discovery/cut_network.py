"""Run a command without network: python cut_network.py COMMAND [ARGUMENT …]

The command runs in a new Linux network namespace, in which only the loopback interface exists, and in a new user namespace, which
needs no privileges. Exits with 125 and the reason on stderr if the system does not permit it.

Source: https://man7.org/linux/man-pages/man7/network_namespaces.7.html and user_namespaces.7.html
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
REFUSED = 125


def cut_network() -> None:
    """Move this process to namespaces of its own. Raises OSError."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket() as control:  # a new namespace has a loopback interface that is down
        request = struct.pack("16sh", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(control, SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))


def main(command: list[str]) -> None:
    """Replace this process by `command`, without network."""
    try:
        cut_network()
    except OSError as error:
        sys.stderr.write(f"{error.strerror}\n")
        sys.exit(REFUSED)
    os.execvp(command[0], command)  # noqa: S606 -- no shell


if __name__ == "__main__":
    main(sys.argv[1:])
