"""Chats in a room, whatever happens to the connection: python3 chat.py http://127.0.0.1:8080 general ada"""
import asyncio, contextlib, json, secrets, sys, time, urllib.request, uuid
from websockets import ConnectionClosed, connect
RETRIED = {"unavailable", "overloaded", "rate_limited", "slow_mode", "unauthenticated"}  # Other errors are final.
class Chat:
    def __init__(self, url, room, name):
        self.url, self.tokens, self.epoch, self.outbox, self.is_free = url, {}, None, [], False
        self.tag, self.last_id = secrets.randbits(62), 0
        self.tokens = self.rest("/api/auth/guest", {"name": name})
        view = self.rest(f"/api/rooms/{room}")
        self.room, self.cursor = view["id"], view["head"]
        self.put("join", seen=view["head"])
    def rest(self, path, body=None):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.tokens.get('access_token')}"}
        request = urllib.request.Request(self.url + path, body and json.dumps(body).encode(), headers)
        return json.load(urllib.request.urlopen(request, timeout=10))
    def put(self, t, **change):  # An id is a UUIDv7: they ascend, and share their last 62 bits.
        self.last_id = max(self.last_id + 1, time.time_ns() // 1_000_000 << 12)
        id = self.last_id >> 12 << 80 | 7 << 76 | (self.last_id & 4095) << 64 | 2 << 62 | self.tag
        self.outbox.append({"t": t, "id": str(uuid.UUID(int=id)), "room": self.room, **change})
    async def say(self, t, **frame): await self.socket.send(json.dumps({"t": t, **frame}))
    async def pump(self):
        if self.is_free and self.outbox:  # One unacked change at a time; `seen` stays that of the first attempt.
            self.is_free = False
            self.outbox[0].setdefault("seen", self.cursor)
            await self.say(**self.outbox[0])
    async def read_input(self):
        while line := await asyncio.to_thread(sys.stdin.readline):
            self.put("send", text=line.rstrip("\n"))
            with contextlib.suppress(ConnectionClosed): await self.pump()
    async def run(self):
        reading = asyncio.create_task(self.read_input())
        async for self.socket in connect(self.url.replace("http", "ws", 1) + "/v1/ws"):  # Reconnects with a back-off.
            with contextlib.suppress(ConnectionClosed):
                await self.say("hello", v=1, token=self.tokens["access_token"], epoch=self.epoch)
                async for text in self.socket: await self.on_frame(json.loads(text))
            self.is_free, code = False, self.socket.close_code
            if 4500 <= code <= 4599 or code in (1002, 1007, 1009): sys.exit(f"The server refuses this client: {code}")
            if code == 4401: self.tokens |= self.rest("/api/auth/refresh", {"refresh_token": self.tokens["refresh_token"]})
    async def on_frame(self, frame):
        t, first = frame["t"], self.outbox[0] if self.outbox else {"id": None}
        if t == "ping": await self.say("pong")
        elif t == "welcome":  # Of another epoch, a backup was restored: what was seen before counts no more.
            if self.epoch not in (None, frame["epoch"]): self.cursor, self.outbox = 0, [item | {"seen": 0} for item in self.outbox]
            self.epoch = frame["epoch"]
        elif t == "rooms" and not frame["more"] or t in ("ack", "error") and frame.get("id") == first["id"]:
            if t == "error": print(frame["message"], file=sys.stderr)
            if frame.get("code") in RETRIED: await asyncio.sleep(frame.get("retry_ms", 500) / 1000)
            elif t != "rooms": self.outbox.pop(0)
            if t == "rooms" or first["t"] == "join": await self.say("resume", id="r", cursors={self.room: self.cursor})
            self.is_free = True
            await self.pump()
        elif t in ("event", "sync") and frame["room"] == self.room:
            events, self.cursor = frame.get("events", [frame]), frame.get("head", self.cursor)
            for event in (event for event in events if event["seq"] == self.cursor + 1):  # Others were printed before.
                self.cursor += 1
                if event["kind"] == "message": print(f"{event['by']['name']}: {event['text']}", flush=True)
            if frame.get("status") == "more" or events and events[-1]["seq"] > self.cursor:
                await self.say("fill", id="f", room=self.room, after=self.cursor)
asyncio.run(Chat(*sys.argv[1:]).run())
