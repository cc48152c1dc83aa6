// Sets the chosen colours before anything is painted. Not a module, so that it runs at once.
try {
  const { theme } = JSON.parse(localStorage.getItem("limner") ?? "{}");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused or damaged: the system's colours stay.
}
