/** Owns a proxy in front of a server, which decides for each request what the server gets to see of it. */
import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import { connect } from "node:net";

export interface Forwarded {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Starts the proxy. What `forward` returns null for is answered with 404, or closed if it asks for a socket. */
export async function startProxy(target: URL, forward: (asked: Forwarded) => Forwarded | null): Promise<Server> {
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers: given, url = "/" } = incoming;
    const passed = forward({ path: url, headers: given });
    if (passed === null) return void outgoing.writeHead(404).end();
    const onward = request({ host: target.hostname, port: target.port, method, ...passed }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  proxy.on("upgrade", (incoming, socket, head) => {
    const passed = forward({ path: incoming.url ?? "/", headers: incoming.headers });
    if (passed === null) return void socket.destroy();
    const onward = connect(Number(target.port), target.hostname, () => {
      const headers = Object.entries(passed.headers).map(([name, value]) => `${name}: ${value}`);
      onward.write(`GET ${passed.path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  return proxy;
}

/** Starts a proxy that calls the server by another name for the paths that `hostFor` returns one for. */
export function publish(target: URL, hostFor: (path: string) => string | null): Promise<Server> {
  return startProxy(target, ({ path, headers }) => {
    const { origin, ...others } = headers;
    const host = hostFor(path);
    if (host === null) return { path, headers: { ...headers, host: target.host } };
    // A proxy that rewrites a name usually passes no origin on, either; a socket's handshake keeps it.
    return { path, headers: { ...others, ...(headers.upgrade !== undefined && { origin }), host } };
  });
}
