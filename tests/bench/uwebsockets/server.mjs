// Sends every message of a client to all clients, as the other servers of `fanout` do.
import uWS from "uwebsockets";

const app = uWS.App().ws("/*", {
  maxPayloadLength: 64 * 1024,
  maxBackpressure: 64 * 1024 * 1024,
  open: (socket) => socket.subscribe("room"),
  message: (_socket, message, isBinary) => app.publish("room", message, isBinary),
});
app.listen("127.0.0.1", 0, (socket) => console.log(`listening 127.0.0.1:${uWS.us_socket_local_port(socket)}`));
