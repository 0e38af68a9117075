/**
 * Owns the preview page with made-up data: it renders the real components on a client without a server, for looking at
 * screens and trying things out. Run `npm run dev`, then open `/dev/?at=/r/general`. Never part of the build.
 * `scene`: `signed-out`, `empty`, `offline`, `loading`, `refused`.
 */
import { ChatProvider } from "@palaver/sdk/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "../src/app/App.tsx";
import { preferredLocale, switchLocale } from "../src/i18n/index.ts";
import { leaveKeysToInputMethod } from "../src/lib/inputMethod.ts";
import "../src/styles/base.css";
import "../src/styles/tokens.css";
import { FixtureClient, type Scene } from "./fixture.ts";

leaveKeysToInputMethod(window);
const query = new URLSearchParams(location.search);
const client = new FixtureClient((query.get("scene") ?? "busy") as Scene);
history.replaceState(null, "", query.get("at") ?? "/");
await switchLocale(preferredLocale());
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root");
createRoot(root).render(
  <StrictMode>
    <ChatProvider client={client}>
      <App />
    </ChatProvider>
  </StrictMode>,
);
