// The frame around the settings: side panel, tabs, who is signed in. Decides how one moves
// between them; must not know what they hold.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../parts/announce.tsx";
import { Icon, Mark } from "../parts/icon.tsx";
import { follow, go } from "../place.ts";
import { sentenceOf } from "../request.ts";
import { type SignedIn, signOut } from "../session.ts";
import { chooseTheme, shownTheme } from "../theme.ts";

export interface Tab {
  readonly path: string;
  readonly label: string;
}

interface ShellProps {
  readonly session: SignedIn;
  readonly tabs: readonly Tab[];
  readonly current: Tab | undefined;
  onSignOut(): void;
  readonly children: ComponentChildren;
}

export function Shell({ session, tabs, current, onSignOut, children }: ShellProps): JSX.Element {
  const title = current?.label ?? "Page not found";
  useEffect(() => {
    document.title = `${title} · Settings · Qualytics`;
  }, [title]);

  return (
    <>
      <a class="skip" href="#content" onClick={skip}>Skip to content</a>
      {session.development !== null && <DevelopmentBanner />}
      <div class="frame">
        <header class="side">
          <p class="brand"><Mark />Qualytics</p>
          <nav aria-label="Main">
            <a class="side-link" href="/settings" aria-current={current === undefined ? undefined : "true"} onClick={follow}>
              <Icon name="settings" />Settings
            </a>
          </nav>
          <Account session={session} onSignOut={onSignOut} />
        </header>
        <main class="main">
          <h1>Settings</h1>
          <nav class="tabs" aria-label="Settings">
            {tabs.map((tab) => (
              <a key={tab.path} href={tab.path} aria-current={tab === current ? "page" : undefined} onClick={follow}>
                {tab.label}
              </a>
            ))}
          </nav>
          <div id="content" class="content" tabIndex={-1} key={title}>
            {children}
          </div>
        </main>
      </div>
    </>
  );
}

/** The path stays as it is. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

export function DevelopmentBanner(): JSX.Element {
  return (
    <aside class="banner" aria-label="Development mode">
      <strong>Development mode</strong> <span>Anybody on this machine can sign in as anybody.</span>
    </aside>
  );
}

function Account({ session, onSignOut }: { session: SignedIn; onSignOut(): void }): JSX.Element {
  const leave = async (): Promise<void> => {
    try {
      await signOut();
      go("/");
      onSignOut();
    } catch (cause) {
      announce(sentenceOf(cause), true);
    }
  };
  return (
    <div class="account">
      <p class="account-name">
        <span>{session.user.name}</span>
        <span class="muted">{session.user.role}</span>
      </p>
      <ThemeButton />
      <button type="button" class="button-bare" aria-label="Sign out" title="Sign out" onClick={() => void leave()}>
        <Icon name="leave" />
      </button>
    </div>
  );
}

export function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(shownTheme());
  const other = theme === "dark" ? "light" : "dark";
  const system = useRef(matchMedia("(prefers-color-scheme: dark)"));
  useEffect(() => {
    const look = (): void => setTheme(shownTheme());
    const query = system.current;
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return (
    <button
      type="button"
      class="button-bare"
      aria-label={`Switch to the ${other} theme`}
      title={`Switch to the ${other} theme`}
      onClick={() => {
        chooseTheme(other);
        setTheme(other);
      }}
    >
      <Icon name={theme === "dark" ? "sun" : "moon"} />
    </button>
  );
}
