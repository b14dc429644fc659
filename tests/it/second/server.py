#!/usr/bin/env python3
"""A second rendezvous server, written from PROTOCOL.md alone, in another language and another style.

It does what labs 1 to 4 ask of a server: framing, registry, discovery, fan-out. One thread, one loop, no locks:
asyncio calls us when bytes have come and keeps what a slow client does not take. The grader must be content with it;
else the grader demands something that the protocol does not say.
"""

import argparse
import asyncio
import ipaddress
import re
import secrets
import socket
import time
import unicodedata

MAX_LINE, MAX_LINES, MAX_SKIPPED, MAX_TEXT, KEPT = 4096, 16, 1 << 20, 2000, 1000
STUCK, LOOK = 3, 0.1  # seconds: who takes nothing for so long is let go; how often that is looked for
HEADER = re.compile(r"([A-Za-z0-9-]+):( ?)(.*)", re.S)


class Refusal(Exception):
    """Why a request was refused."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Client:
    """An entry of the directory; in the room while it has a connection."""

    def __init__(self, name, ip, port, number):
        self.name, self.ip, self.port, self.number = name, ip, port, number
        self.connection, self.token, self.until = None, None, 0

    def line(self):
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.name} {host}:{self.port} {self.number}"

    def address(self):
        return [("IP", self.ip), ("Port", self.port)]


class Server:
    """Who is known, who is here, what was said."""

    def __init__(self, options):
        self.options = options
        self.clients = {}  # by the name in small letters, in the order of registration
        self.former = {}  # name in small letters, ID and end, by the token
        self.ids, self.seq, self.history = 0, 0, []

    def tell(self, block, but=None):
        """To everyone in the room."""
        for client in list(self.clients.values()):
            if client.connection and client.connection is not but:
                client.connection.write(block)

    def leave(self, connection, reason):
        client, connection.client = connection.client, None
        if client and client.connection is connection:
            del self.clients[client.name.lower()]
            self.former.pop(client.token, None)
            if reason in ("gone", "slow"):
                self.former[client.token] = (client.name.lower(), client.number, time.monotonic() + self.options.expires)
            self.tell(block("LEFT", [("ID", client.number), ("clientID", client.name), ("Reason", reason)]))

    def forget(self):
        """What nobody has renewed in time is gone."""
        now = time.monotonic()
        for key, client in list(self.clients.items()):
            if not client.connection and client.until <= now:
                del self.clients[key]

    def find(self, peer):
        if peer.isdigit():
            found = [client for client in self.clients.values() if client.number == int(peer)]
            return found[0] if found else None
        return self.clients.get(peer.lower())


def block(kind, headers=(), lines=()):
    text = "".join([f"{name}: {value}\r\n" for name, value in headers] + [f"{line}\r\n" for line in lines])
    return f"{kind}\r\n{text}\r\n".encode()


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server):
        self.server, self.client, self.registered = server, None, None
        self.rest, self.over, self.reason = b"", False, "gone"
        self.written, self.taken, self.progress = 0, 0, 0
        self.begin()

    def begin(self):
        self.kind, self.lines, self.flaw, self.skipping, self.skipped = None, [], False, False, 0

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        seen = ipaddress.ip_address(transport.get_extra_info("peername")[0])
        own = transport.get_extra_info("sockname")
        plain = lambda ip: str(getattr(ip, "ipv4_mapped", None) or ip)
        self.ip, self.own = plain(seen), (plain(ipaddress.ip_address(own[0])), own[1])
        self.look()

    def look(self):
        """Is this one stuck?"""
        now, waiting = time.monotonic(), self.transport.get_write_buffer_size()
        if not waiting or self.written - waiting > self.taken:
            self.taken, self.progress = self.written - waiting, now
        if now - self.progress > STUCK:
            self.reason = "slow"
            return self.transport.abort()
        if not self.over:
            asyncio.get_running_loop().call_later(LOOK, self.look)

    def connection_lost(self, error):
        self.over = True
        self.server.leave(self, self.reason)

    def write(self, data):
        if self.transport.is_closing():
            return
        self.transport.write(data)
        self.written += len(data)
        if self.transport.get_write_buffer_size() > self.server.options.backlog:
            self.reason, self.over = "slow", True  # what it still asks for is not executed
            self.transport.abort()  # connection_lost follows, not before the room has been gone through

    # Framing

    def data_received(self, data):
        rest, at = self.rest + data, 0
        while not self.over:
            end = rest.find(b"\n", at)
            if end < 0 or end - at >= MAX_LINE:
                if len(rest) - at < MAX_LINE:
                    break
                self.too_long()
                # What has come of this line is dropped, and the rest of it counts as one more line.
                rest, at = b"x" + rest[at + MAX_LINE :], 0
                self.skip(MAX_LINE)
                continue
            line, at = rest[at:end], end + 1
            self.take(line[:-1] if line.endswith(b"\r") else line)
        self.rest = rest[at:]

    def take(self, line):
        if self.skipping and not line:
            self.begin()
        elif self.skipping or (self.kind is None and not line):
            self.skip(len(line) + 2)
        elif self.kind is None:
            if line.endswith((b" HTTP/1.0", b" HTTP/1.1", b" HTTP/2.0")):
                return self.hang_up()
            self.flaw = not re.fullmatch(rb"[A-Z]{1,16}", line)
            self.kind = "" if self.flaw else line.decode()
        elif not line:
            kind, lines, flaw = self.kind, self.lines, self.flaw
            self.begin()
            self.execute(kind, lines, flaw)
        elif len(self.lines) == MAX_LINES:
            self.too_long()
        else:
            self.lines.append(line)
            is_text = line[:5].lower() == b"text:"
            try:
                self.flaw |= not is_text and any(letter in line.decode() for letter in "\0\r")
            except UnicodeDecodeError:
                self.flaw |= not is_text

    def skip(self, count):
        self.skipped += count
        if self.skipped > MAX_SKIPPED:
            self.hang_up()

    def too_long(self):
        if not self.skipping:
            self.refuse(self.kind or "", Refusal("too-long", "a line or a block is too long"))
        self.skipping = True

    def refuse(self, kind, refusal):
        self.write(block("ERROR", [("For", kind), ("Code", refusal.code), ("Message", refusal)]))

    def hang_up(self):
        self.over = True
        self.transport.close()

    # Requests

    def execute(self, kind, lines, flaw):
        self.server.forget()
        try:
            if flaw:
                raise Refusal("malformed", "this is no block")
            request = getattr(self, kind.lower() + "_", None) if kind.isupper() else None
            if request is None:
                raise Refusal("unknown-type", "there is no such request")
            if kind == "JOIN" and self.client:
                raise Refusal("already-joined", "this connection has joined")
            if kind in ("SAY", "TELL", "HISTORY") and not self.client:
                raise Refusal("not-joined", "first join the room")
            headers = {}
            for line in lines:
                found = HEADER.fullmatch(line.decode(errors="replace"))
                if found:
                    name, value = found[1].lower(), found[3]
                    headers.setdefault(name, value if name == "text" else value.strip(" \t"))
            request(headers)
        except Refusal as refusal:
            self.refuse(kind, refusal)

    def name(self, headers):
        name = headers.get("clientid")
        if name is None:
            raise Refusal("malformed", "clientID is missing")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", name) or name.isdigit():
            raise Refusal("bad-name", "a name has 1 to 32 of A-Z a-z 0-9 _ - . and is not a number")
        if name.lower() in ("server", "you", "me"):
            raise Refusal("bad-name", f"the name {name} is reserved")
        return name

    def text(self, headers):
        text = headers.get("text")
        if text is None:
            raise Refusal("malformed", "Text is missing")
        if len(text.encode()) > MAX_TEXT:
            raise Refusal("too-long", "a text has at most 2000 bytes")
        if not text or "\ufffd" in text or any(unicodedata.category(c) == "Cc" and c != "\t" for c in text):
            raise Refusal("bad-text", "a text has no control characters and is not empty")
        return text

    def register_(self, headers):
        server, name, port = self.server, self.name(headers), headers.get("port")
        if port is None:
            raise Refusal("malformed", "Port is missing")
        if not re.fullmatch("[0-9]{1,5}", port) or not 1024 <= int(port) <= 65535 or (self.ip, int(port)) == self.own:
            raise Refusal("bad-port", "no client can be reached there")
        client = server.clients.get(name.lower())
        if client:
            if client.connection is not self and (client.connection or client.ip != self.ip):
                raise Refusal("name-taken", f"the name {name} is taken")
            moved, client.name, client.port = client.port != int(port), name, int(port)
            if client.connection and moved:
                server.tell(self.joined(client))
        elif len(server.clients) >= server.options.max_clients:
            raise Refusal("server-full", "there is no room for more")
        else:
            server.ids += 1
            client = server.clients[name.lower()] = Client(name, self.ip, int(port), server.ids)
        client.until = time.monotonic() + server.options.expires
        self.registered = (name.lower(), int(port))
        expires = ("Expires", server.options.expires)
        status = [("Status", "registered"), ("ID", client.number), expires, ("Room", "yes")]
        self.write(block("REGACK", [("clientID", name), *client.address(), *status]))

    def join_(self, headers):
        server, name = self.server, self.name(headers)
        client = server.clients.get(name.lower())
        if not client:
            raise Refusal("not-registered", f"{name} is not registered")
        token, before = headers.get("token"), client.line()
        if client.connection:
            if token != client.token:
                raise Refusal("name-taken", f"the name {name} is taken")
            old, client.connection = client.connection, None
            old.client = None
            old.write(block("BYE", [("Reason", "replaced")]))
            old.hang_up()
        else:
            if client.ip != self.ip:
                raise Refusal("not-registered", f"{name} is not registered from this address")
            former, number, until = server.former.get(token, (None, 0, 0))
            returns = former == name.lower() and until > time.monotonic()
            client.token = token if returns else secrets.token_hex(16)
            client.number, before = number if returns else client.number, None
        client.ip = self.ip
        if self.registered and self.registered[0] == name.lower():
            client.port = self.registered[1]
        if client.line() != before:
            server.tell(self.joined(client))
        self.client, client.connection = client, self
        others = [other for other in server.clients.values() if other.connection and other is not client]
        others.sort(key=lambda other: other.number)
        since = max(int(headers["since"]) if "since" in headers else server.seq - 20, 0)
        replay = [said for said in server.history if said[0] > since]
        missed = max(server.seq - since - len(replay), 0) if "since" in headers else 0
        about = [("clientID", client.name), ("ID", client.number), ("Token", client.token)]
        about += [("Seq", server.seq), ("Missed", missed), ("Message", f"Welcome, {client.name}!")]
        self.write(block("JOINACK", about, [other.line() for other in others]))
        for seq, rest in replay:
            self.write(block("SAID", [("Seq", seq), ("Replay", "yes"), *rest]))

    def joined(self, client):
        return block("JOINED", [("ID", client.number), ("clientID", client.name), *client.address()])

    def about(self, text):
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        return [("Time", now), ("ID", self.client.number), ("clientID", self.client.name), ("Text", text)]

    def say_(self, headers):
        server, rest = self.server, self.about(self.text(headers))
        server.seq += 1
        server.history = server.history[1 - KEPT :] + [(server.seq, rest)]
        server.tell(block("SAID", [("Seq", server.seq), *rest]))

    def tell_(self, headers):
        peer, text = headers.get("peer"), self.text(headers)
        if peer is None:
            raise Refusal("malformed", "Peer is missing")
        found = self.server.find(peer)
        if not found or not found.connection:
            raise Refusal("no-such-client", f"there is no {peer}")
        if found is self.client:
            raise Refusal("self", "this is you")
        found.connection.write(block("TOLD", self.about(text)))
        self.write(block("TELLACK", [("ID", found.number), ("clientID", found.name)]))

    def history_(self, headers):
        last, before = int(headers.get("last", 20)), int(headers.get("before", self.server.seq + 1))
        found = [said for said in self.server.history if said[0] < before][-min(last, 200) :]
        for seq, rest in found:
            self.write(block("SAID", [("Seq", seq), ("Replay", "yes"), *rest]))
        first, last = (found[0][0], found[-1][0]) if found else (0, 0)
        self.write(block("HISTORYACK", [("Count", len(found)), ("First", first), ("Last", last)]))

    def info_(self, headers):
        everybody = sorted(self.server.clients.values(), key=lambda client: client.number)
        self.write(block("INFOACK", (), [client.line() for client in everybody]))

    def bridge_(self, headers):
        server, name, peer = self.server, self.name(headers), headers.get("peer")
        via, asker = headers.get("via", "tcp"), server.clients.get(name.lower())
        if via not in ("tcp", "udp"):
            raise Refusal("malformed", "Via is tcp or udp")
        if not asker or (asker is not self.client if self.client else asker.ip != self.ip):
            raise Refusal("not-registered", f"{name} is not registered here")
        if peer is None:
            others = (other for other in server.clients.values() if other is not asker)
            found = next(others, None)
        else:
            found = server.find(peer)
            if not found:
                raise Refusal("no-such-client", f"there is no {peer}")
            if found is asker:
                raise Refusal("self", "this is you")
        if not found:
            return self.write(block("BRIDGEACK", [("clientID", ""), ("IP", ""), ("Port", "")]))
        answer = [("clientID", found.name), *found.address()]
        if self.client:
            answer.append(("ID", found.number))
        if self.client and found.connection:
            vouch = [("Via", via), ("Ticket", secrets.token_hex(16)), ("Answer", secrets.token_hex(16))]
            about = [("ID", asker.number), ("clientID", asker.name), *asker.address()]
            found.connection.write(block("CALL", about + vouch))
            answer += vouch
        self.write(block("BRIDGEACK", answer))

    def ping_(self, headers):
        self.write(block("PONG", [("Token", headers["token"])] if "token" in headers else []))

    def pong_(self, headers):
        pass

    def quit_(self, headers):
        self.server.leave(self, "quit")
        self.hang_up()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    for flag, usual in [("port", 5555), ("backlog", 1 << 20), ("max-clients", 4096), ("rate", 20), ("expires", 3600)]:
        parser.add_argument(f"--{flag}", type=int, default=usual)
    parser.add_argument("--log")
    options = parser.parse_args()
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.create_server(
        (options.host, options.port), family=family, dualstack_ipv6=options.host == "::", backlog=128
    )
    server = Server(options)
    serving = await asyncio.get_running_loop().create_server(lambda: Connection(server), sock=listener)
    host, port = listener.getsockname()[:2]
    print(f"Server listening on [{host}]:{port}" if ":" in host else f"Server listening on {host}:{port}", flush=True)
    await serving.serve_forever()


asyncio.run(main())
