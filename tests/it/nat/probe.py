"""A UDP socket that is worked by lines, and a TCP listener on the same port. It needs Python 3 and nothing else.

    probe.py PORT

`to IP PORT TEXT` sends a datagram. `connect IP PORT` tries a TCP connection for half a second, and says how that went.
Each datagram that comes is shown as `from IP:PORT TEXT`.
"""

import socket
import sys
import threading

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", int(sys.argv[1])))
tcp = socket.create_server(("0.0.0.0", int(sys.argv[1])))


def listen():
    while True:
        text, (host, port) = udp.recvfrom(2000)
        print(f"from {host}:{port} {text.decode(errors='replace')}", flush=True)


def connects(where):
    try:
        socket.create_connection(where, 0.5).close()
        return "connected"
    except OSError:
        return "not connected"


threading.Thread(target=listen, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    what, host, port, *text = line.split()
    if what == "to":
        udp.sendto(" ".join(text).encode(), (host, int(port)))
    else:
        print(connects((host, int(port))), flush=True)
