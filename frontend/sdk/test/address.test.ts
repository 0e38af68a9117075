import { afterEach, expect, it, vi } from "vitest";
import { socketUrl } from "../src/connection/address.ts";

afterEach(() => vi.unstubAllGlobals());

it("the socket is where the server is: another one, the page's own origin, or a path on it", () => {
  vi.stubGlobal("location", { origin: "https://example.org" });
  expect(socketUrl("")).toBe("wss://example.org/v1/ws");
  expect(socketUrl("/chat")).toBe("wss://example.org/chat/v1/ws");
  expect(socketUrl("http://127.0.0.1:8080")).toBe("ws://127.0.0.1:8080/v1/ws");
  expect(socketUrl("https://chat.example.org/a")).toBe("wss://chat.example.org/a/v1/ws");
});
