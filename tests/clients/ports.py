"""Ports for programs that must be told theirs before they listen."""

import socket


def held():
    """A socket with a port of this machine. As long as it is open the port is given to nobody who takes any, and whoever
    asks for it by its number may listen there, for this one does not.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder
