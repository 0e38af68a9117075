/** Owns the start of the page: language, client, first render. */
import { ChatClient } from "@palaver/sdk";
import { ChatProvider } from "@palaver/sdk/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { preferredLocale, switchLocale } from "./i18n/index.ts";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root");

const client = new ChatClient();
void client.start();
await switchLocale(preferredLocale());
createRoot(root).render(
  <StrictMode>
    <ChatProvider client={client}>
      <App />
    </ChatProvider>
  </StrictMode>,
);
