// Sends every message of a client to all clients, as the other servers of `fanout` do.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    for (const client of server.clients) client.send(data, { binary: isBinary });
  });
});
server.on("listening", () => console.log(`listening 127.0.0.1:${server.address().port}`));
