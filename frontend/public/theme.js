// Runs before the first paint, so that the chosen theme never flashes. It is a separate file because the content security policy allows no inline script.
try {
  const theme = localStorage.getItem("palaver.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be blocked; the system's theme is used then.
}
