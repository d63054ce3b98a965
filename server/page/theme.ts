// Light or dark: the system's, until a person chooses. Decides how the choice is kept: in
// a cookie, because the document has to come with it.

export type Theme = "light" | "dark";

const yearSeconds = 365 * 86_400;

export function shownTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function chooseTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  document.cookie = `theme=${theme}; Path=/; SameSite=Strict; Max-Age=${yearSeconds}`;
}
