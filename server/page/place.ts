// Where in the page one is: the path. Decides how one gets elsewhere without a reload; must
// not know the views. Nothing that was typed and nothing secret ever gets into a path.
import { useEffect, useState } from "preact/hooks";

const moved = new EventTarget();

/** The service shows it in both places. */
export const isCliLogin = (path: string): boolean => /^(\/api)?\/cli\/authorize\/?$/.test(path);

export function go(path: string): void {
  if (path !== location.pathname) history.pushState(null, "", path);
  moved.dispatchEvent(new Event("moved"));
}

export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const look = (): void => setPath(location.pathname);
    addEventListener("popstate", look);
    moved.addEventListener("moved", look);
    return () => {
      removeEventListener("popstate", look);
      moved.removeEventListener("moved", look);
    };
  }, []);
  return path;
}

/** For links: a plain click stays in the page, any other is the browser's. */
export function follow(event: MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go((event.currentTarget as HTMLAnchorElement).pathname);
}
