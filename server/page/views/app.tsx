// The whole page. Decides which view there is: by who is signed in, and by the path.
import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { Announcements, announce } from "../parts/announce.tsx";
import { Failed } from "../parts/states.tsx";
import { isCliLogin, usePath } from "../place.ts";
import { onSessionEnd } from "../request.ts";
import { type Session, type SignedIn, isAdmin, mayViewUsers, readSession } from "../session.ts";
import { Audit } from "./audit.tsx";
import { CliAuthorize } from "./cli-authorize.tsx";
import { NotFound } from "./not-found.tsx";
import { Security } from "./security.tsx";
import { Shell, type Tab } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";
import { Tags } from "./tags.tsx";
import { Tokens } from "./tokens.tsx";

export function App(): JSX.Element {
  const [session, setSession] = useState<Session | undefined>();
  const [failure, setFailure] = useState<unknown>();
  const path = usePath();

  const look = useCallback(() => {
    setFailure(undefined);
    readSession().then(setSession, setFailure);
  }, []);

  useEffect(() => {
    onSessionEnd(() => {
      announce("The session has ended. Sign in again.", true);
      look();
    });
    look();
  }, [look]);

  return (
    <>
      {session !== undefined ? <View session={session} path={path} onChange={look} /> : failure !== undefined && <main class="alone"><Failed cause={failure} retry={look} /></main>}
      <Announcements />
    </>
  );
}

function View({ session, path, onChange }: { session: Session; path: string; onChange(): void }): JSX.Element {
  if (!isSignedIn(session)) return <SignIn session={session} path={path} onSignedIn={onChange} />;
  if (isCliLogin(path)) return <CliAuthorize session={session} />;
  const tabs = tabsFor(session);
  const tab = tabs.find((one) => one.path === path) ?? (path === "/" || path === "/settings" ? tabs[0] : undefined);
  return (
    <Shell session={session} tabs={tabs} current={tab} onSignOut={onChange}>
      {tab === undefined ? <NotFound /> : tab.view}
    </Shell>
  );
}

function isSignedIn(session: Session): session is SignedIn {
  return session.user !== null;
}

/** What a role may not ask for is not offered. */
function tabsFor(session: SignedIn): readonly (Tab & { readonly view: JSX.Element })[] {
  return [
    { path: "/settings/tags", label: "Tags", view: <Tags /> },
    { path: "/settings/tokens", label: "Tokens", view: <Tokens session={session} /> },
    ...(mayViewUsers(session) ? [{ path: "/settings/security", label: "Security", view: <Security session={session} /> }] : []),
    ...(isAdmin(session) ? [{ path: "/settings/audit", label: "Audit", view: <Audit /> }] : []),
  ];
}
