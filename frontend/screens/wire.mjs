/** Owns the proxy between the page and the server, which shows the page in states that a healthy server never causes. */

/** The server refuses a message with this text, as far as the page can see. */
export const REFUSED = "Has anybody seen my umbrella?";

/**
 * Proxies between page and server: refuses one message, and cuts the connection on request.
 * @param {import("playwright-core").Page} page
 */
export async function between(page) {
  let down = false;
  /** @type {import("playwright-core").WebSocketRoute[]} */
  const sockets = [];
  await page.routeWebSocket(/\/v1\/ws/, (socket) => {
    if (down) {
      void socket.close({ code: 4412 });
      return;
    }
    const server = socket.connectToServer();
    sockets.push(socket);
    socket.onMessage((message) => {
      const frame = JSON.parse(String(message));
      if (frame.t !== "send" || frame.text !== REFUSED) {
        server.send(message);
        return;
      }
      const refusal = {
        t: "error",
        id: frame.id,
        of: "send",
        room: frame.room,
        code: "forbidden",
        message: "You may not write in this room any more.",
      };
      socket.send(JSON.stringify(refusal));
    });
  });
  return {
    cut: async () => {
      down = true;
      await page.route(/\/(api|health)/, (route) => route.abort());
      for (const socket of sockets) void socket.close({ code: 4412 });
    },
  };
}
