// Something that is asked for and shown. Decides that an answer that comes late is dropped,
// and that what is shown stays while it is asked for again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<Data> {
  /** Undefined: not there yet. */
  readonly data: Data | undefined;
  readonly failure: unknown;
  /** True while an answer is awaited. */
  readonly busy: boolean;
  reload(): void;
  /** Shows what is known already, from the answer to a change. */
  put(change: (data: Data) => Data): void;
}

const staleMs = 30_000;

export function useLoaded<Data>(load: () => Promise<Data>, key: string): Loaded<Data> {
  const [shown, setShown] = useState<{ key: string; data: Data | undefined; failure: unknown; busy: boolean }>({ key, data: undefined, failure: undefined, busy: true });
  const round = useRef(0);
  const asked = useRef(0);
  const loader = useRef(load);
  loader.current = load;

  const reload = useCallback(() => {
    const mine = (round.current += 1);
    asked.current = Date.now();
    setShown((before) => ({ ...before, busy: true, ...(before.key === key ? {} : { key, data: undefined, failure: undefined }) }));
    loader.current().then(
      (data) => {
        if (mine === round.current) setShown({ key, data, failure: undefined, busy: false });
      },
      (failure: unknown) => {
        if (mine === round.current) setShown((before) => ({ ...before, failure, busy: false }));
      },
    );
  }, [key]);

  useEffect(() => {
    reload();
    // Somebody who comes back to a page that lay open sees what is true now.
    const look = (): void => {
      if (document.visibilityState === "visible" && Date.now() - asked.current > staleMs) reload();
    };
    document.addEventListener("visibilitychange", look);
    return () => {
      round.current += 1;
      document.removeEventListener("visibilitychange", look);
    };
  }, [reload]);

  const put = useCallback((change: (data: Data) => Data) => {
    // An answer that is under way may be older than the change.
    round.current += 1;
    setShown((before) => (before.data === undefined ? before : { ...before, busy: false, data: change(before.data) }));
  }, []);

  return { data: shown.key === key ? shown.data : undefined, failure: shown.failure, busy: shown.busy, reload, put };
}
