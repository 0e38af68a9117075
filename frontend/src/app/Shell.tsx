/** Owns the panes (rooms, conversation, details), which of them show by width, and the dialogs of the side bar. */
import type { NotificationView, Person } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useCallback, useEffect, useState } from "react";
import { AccountMenu } from "../features/account/AccountMenu.tsx";
import { ConnectionStatus } from "../features/connection/ConnectionStatus.tsx";
import { Notifications } from "../features/notifications/Notifications.tsx";
import { useBrowserNotifications } from "../features/notifications/useBrowserNotifications.ts";
import { Offered } from "../features/rooms/Offered.tsx";
import { RoomList, type RoomsDialog } from "../features/rooms/RoomList.tsx";
import { addressOf, findRoom } from "../features/rooms/sections.ts";
import { type Locale, t } from "../i18n/index.ts";
import { useFocus, useMedia } from "../lib/hooks.ts";
import { sameFields } from "../lib/room.ts";
import { Button } from "../ui/Button.tsx";
import { Empty } from "../ui/Empty.tsx";
import { Logo } from "../ui/Logo.tsx";
import { loadAhead, onDemand } from "../ui/onDemand.tsx";
import { Notices } from "./Notices.tsx";
import { RoomPage } from "./RoomPage.tsx";
import { navigate, parse, pathOf, usePath } from "./router.ts";
import s from "./Shell.module.css";
import { setTheme, THEMES, theme } from "./theme.ts";
import { useTitle } from "./title.ts";
import { usePresenceWatch } from "./usePresence.ts";
import { useSeenNotifications } from "./useSeenNotifications.ts";

const NotInRoom = onDemand(async () => (await import("./NotInRoom.tsx")).NotInRoom);

const FindPerson = onDemand(async () => (await import("../ui/FindPerson.tsx")).FindPerson);

const Directory = onDemand(async () => (await import("../features/rooms/Directory.tsx")).Directory);

const CreateRoom = onDemand(async () => (await import("../features/rooms/CreateRoom.tsx")).CreateRoom);

/** When the page has settled after a start. */
const LOAD_AHEAD_MS = 3_000;

const sameRoom = sameFields(["id", "slug", "name", "state"]);

interface Props {
  readonly me: Person;
  readonly onLocale: (locale: Locale) => void;
}

export function Shell({ me, onLocale }: Props) {
  const client = useClient();
  const ready = useClientState((state) => state.ready);
  const path = usePath();
  const route = parse(path);
  const room = useClientState((state) => (route.room === null ? null : findRoom(state.rooms, route.room)), sameRoom);
  const open = room !== null && room.state !== "invited" ? room : null;
  const [dialog, setDialog] = useState<RoomsDialog | null>(null);
  // Whether the end of the open room is out of sight: messages that arrive then are unread as in any other room.
  const [away, setAway] = useState(false);
  const [usedTheme, setUsedTheme] = useState(theme());
  const focused = useFocus();
  useTitle(open?.name ?? null, focused && !away ? (open?.id ?? null) : null);
  usePresenceWatch(open?.id ?? null);
  useSeenNotifications();

  // A page has one first-level heading: the open room's name, else the product's.
  const Brand = route.room === null ? "h1" : "span";

  // On a narrow screen one pane shows at a time, and it is the main one (see Shell.module.css).
  const narrow = useMedia("(max-width: 719px)");
  // These are the page's banner and footer, unless they are inside its main part.
  const [Head, Foot] = narrow ? (["div", "div"] as const) : (["header", "footer"] as const);

  const goTo = useCallback((address: string, seq: number | null = null) => {
    setDialog(null);
    navigate(pathOf(address, seq));
  }, []);
  const direct = useCallback(async (person: Person) => goTo(await client.directRoom(person.id)), [client, goTo]);
  const onNotification = (notification: NotificationView) => {
    if (notification.room === null) return;
    const about = client.getState().rooms.get(notification.room);
    goTo(about === undefined ? notification.room : addressOf(about), notification.seq);
  };

  useBrowserNotifications(onNotification);
  useEffect(() => {
    // Menus and dialogs are then there at once, and without a network.
    const timer = setTimeout(() => void loadAhead(), LOAD_AHEAD_MS);
    return () => clearTimeout(timer);
  }, []);

  return (
    <div className={s.shell} data-open={route.room !== null || undefined}>
      <a className={s.skip} href="#conversation">
        {t("shell.skip")}
      </a>
      <div className={s.notices}>
        <Notices />
      </div>
      <div className={s.side} role={narrow ? "main" : undefined}>
        <Head className={s.sideHead}>
          <Brand className={s.brand}>
            <Logo size={26} />
            Palaver
          </Brand>
          <Notifications onOpen={onNotification} />
          <AccountMenu
            me={me}
            themes={THEMES.map((id) => ({
              id,
              chosen: id === usedTheme,
              choose: () => {
                setTheme(id);
                setUsedTheme(id);
              },
            }))}
            onLocale={onLocale}
          />
        </Head>
        <RoomList current={open?.id ?? null} away={away} pathOf={pathOf} onOpen={navigate} onDialog={setDialog} />
        {narrow && route.room === null && ready && <NoRooms onOpen={goTo} />}
        <Foot className={s.sideFoot}>
          <ConnectionStatus />
        </Foot>
      </div>
      <main className={s.main} id="conversation" tabIndex={-1}>
        {open !== null && (
          <RoomPage key={open.id} id={open.id} me={me} seq={route.seq} onDirect={direct} onAway={setAway} />
        )}
        {open === null && route.room !== null && ready && (
          <NotInRoom key={route.room} address={route.room} invited={room} onBrowse={() => setDialog("browse")} />
        )}
        {route.room === null && (
          <Empty page icon="chat" title={t("shell.noneTitle")} text={t("shell.noneText")}>
            {!narrow && <Offered onOpen={goTo} />}
            <Button onPress={() => setDialog("browse")}>{t("shell.find")}</Button>
            <Button onPress={() => setDialog("create")}>{t("shell.make")}</Button>
          </Empty>
        )}
      </main>
      {dialog === "create" && <CreateRoom onClose={() => setDialog(null)} onCreated={goTo} />}
      {dialog === "browse" && (
        <Directory onClose={() => setDialog(null)} onOpen={goTo} onCreate={() => setDialog("create")} />
      )}
      {dialog === "direct" && (
        <FindPerson
          title={t("direct.start")}
          action={t("direct.open")}
          named={(name) => t("direct.openNamed", { name })}
          leaveOut={(person) => person.id === me.id}
          onPick={direct}
          onClose={() => setDialog(null)}
        />
      )}
    </div>
  );
}

/** Offers rooms below an empty room list, where a narrow screen shows nothing else. */
function NoRooms({ onOpen }: { readonly onOpen: (address: string) => void }) {
  const none = useClientState((state) => state.rooms.size === 0);
  return none ? (
    <div className={s.offered}>
      <Offered onOpen={onOpen} />
    </div>
  ) : null;
}
