/**
 * Owns the icons: line drawings on a 24 grid that take the colour of the text. Decoration only; buttons have the names.
 */

const PATHS = {
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  down: "M12 5v14M6 13l6 6 6-6",
  chevron: "M6 9l6 6 6-6",
  bell: "M6 9a6 6 0 0 1 12 0c0 6 2.5 7.5 2.5 7.5h-17S6 15 6 9M10 20a2.2 2.2 0 0 0 4 0",
  bellOff:
    "M4 4l16 16M8 5a6 6 0 0 1 10 4c0 2.600.500 4.300 1 5.500M16.500 16.500h-13S6 15 6 9M10 20a2.200 2.200 0 0 0 4 0",
  compass: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM15.500 8.500l-2 5-5 2 2-5z",
  people:
    "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c0-3.300 2.900-5.500 6.500-5.500s6.500 2.200 6.500 5.500M16 4.800a3.500 3.500 0 0 1 0 6.400M18.500 15c1.900.900 3 2.600 3 5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M9 6l-6 6 6 6M3 12h11a7 7 0 0 1 7 7v1",
  edit: "M4 20h4L19.500 8.500a2.100 2.100 0 0 0-3-3L5 17zM14 7l3 3",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.500 14.500s1.200 2 3.500 2 3.500-2 3.500-2M9 9.500h.01M15 9.500h.01",
  attach:
    "M20 11.500l-8.200 8.200a5 5 0 0 1-7-7l8.400-8.400a3.300 3.300 0 0 1 4.700 4.700L9.500 17.400a1.700 1.700 0 0 1-2.400-2.400l7.700-7.700",
  send: "M4 12l16-8-5.500 16.500L11 13.500zM11 13.500L20 4",
  check: "M5 12.500l4.500 4.500L19 7",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  hash: "M9.500 4L7.500 20M16.500 4l-2 16M4.500 9h16M3.500 15h16",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  link: "M10 14a4 4 0 0 0 6 .500l3-3a4.200 4.200 0 0 0-6-6l-1.500 1.500M14 10a4 4 0 0 0-6-.500l-3 3a4.200 4.200 0 0 0 6 6l1.500-1.500",
  pin: "M9 4h6l-.700 6 3.200 3.500h-11L9.700 10zM12 13.500V21",
  retry: "M20 12a8 8 0 1 1-2.500-5.800L20 8.500M20 4v4.500h-4.500",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.500V12l3 2",
  alert: "M12 4l9.500 16h-19zM12 10v4.500M12 17.500h.01",
  chat: "M4 5h16v11H11l-5 4v-4H4z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.500 4.500",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  zoom: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.500 4.500M8 11h6M11 8v6",
  invite:
    "M10 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3.500 20c0-3.300 2.900-5.500 6.500-5.500 1.500 0 2.900.400 4 1M18 14v6M15 17h6",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  image: "M4 5h16v14H4zM4 16l5-5 4.500 4.500L16 13l4 4M15.500 9h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  const dots = name === "more";
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={dots ? 3 : 1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
