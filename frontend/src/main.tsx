/** Owns the start of the page: language, client, first render. */
import { ChatClient } from "@palaver/sdk";
import { ChatProvider } from "@palaver/sdk/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { baseOf, setBase } from "./app/router.ts";
import { preferredLocale, switchLocale } from "./i18n/index.ts";
import { leaveKeysToInputMethod } from "./lib/inputMethod.ts";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root");

leaveKeysToInputMethod(window);

// A proxy may publish the page below a path, which the page learns from its own address.
const base = baseOf(import.meta.url);
setBase(base);
const client = new ChatClient({ baseUrl: base });
void client.start();
await switchLocale(preferredLocale());
createRoot(root).render(
  <StrictMode>
    <ChatProvider client={client}>
      <App />
    </ChatProvider>
  </StrictMode>,
);
