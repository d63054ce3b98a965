// Health tells the truth about a database that neither answers nor fails.
import { expect, it, vi } from "vitest";
import { publicRoutes } from "../../server/http/public-routes.ts";
import { DatabaseUnavailable } from "../../server/storage/database.ts";

it.each(["/health", "/status"])("%s gives a database that hangs up after three seconds", async (path) => {
  const asked = publicRoutes.find((route) => route.path === path);
  vi.useFakeTimers();
  try {
    const hanging = { query: () => new Promise<never>(() => undefined) };
    const answer = expect((asked?.handle as (service: unknown) => Promise<unknown>)({ database: hanging })).rejects.toBeInstanceOf(DatabaseUnavailable);
    await vi.advanceTimersByTimeAsync(3_000);
    await answer;
  } finally {
    vi.useRealTimers();
  }
});
