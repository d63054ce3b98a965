// The demo's own parts that could make a false claim look true: how it judges, counts and prints.
import { describe, expect, test } from "vitest";
import { markOf, tokenName } from "../../core/name.ts";
import { audit, balanced, type DeliveredToken, type ListedToken } from "../demo/audit.ts";
import { tally } from "../demo/consumer.ts";
import { FalseClaim, Narrator } from "../demo/narrator.ts";

const NOW = Date.parse("2026-01-15T10:00:00Z");

function listed(id: number, change: Partial<ListedToken> = {}): ListedToken {
  return { id, name: tokenName("default-x", markOf("scope", `ServiceToken/default/x${id}`), 1), active: true, expiration: null, ...change };
}

const delivered = (id: number, change: Partial<DeliveredToken> = {}): DeliveredToken => ({ secret: `x${id}`, value: `value ${id}`, accepted: true, ...change });

describe("the audit", () => {
  const cases: Record<string, { tokens: ListedToken[]; secrets: DeliveredToken[]; want: true | RegExp }> = {
    "balances when each active token stands in a Secret": { tokens: [listed(1), listed(2)], secrets: [delivered(1), delivered(2)], want: true },
    "finds an active token that nobody holds": { tokens: [listed(1), listed(2)], secrets: [delivered(1)], want: /2 tokens are active and 1 stand/ },
    "finds a Secret whose token is refused": { tokens: [listed(1), listed(2, { active: false })], secrets: [delivered(1), delivered(2, { accepted: false })], want: /refuses what stands in x2/ },
    "is not fooled by a lost token beside a refused one": { tokens: [listed(1), listed(2)], secrets: [delivered(1), delivered(2, { accepted: false })], want: /refuses/ },
    "finds two Secrets with one token": { tokens: [listed(1), listed(2)], secrets: [delivered(1), delivered(2, { value: "value 1" })], want: /x2 hold what another/ },
    "leaves revoked and expired tokens out": {
      tokens: [listed(1), listed(2, { active: false }), listed(3, { expiration: "2026-01-15T10:00:00Z" })],
      secrets: [delivered(1)],
      want: true,
    },
    "leaves tokens without our mark out": { tokens: [listed(1), listed(2, { name: "made by hand" })], secrets: [delivered(1)], want: true },
  };
  test.for(Object.entries(cases))("%s", ([, { tokens, secrets, want }]) => {
    const found = balanced(audit(tokens, secrets, NOW));
    if (want === true) expect(found).toBe(true);
    else expect(found).toMatch(want);
  });
});

test("the tally counts every call that was not answered 200 as a failure", () => {
  const lines = ['{"token":"a","status":200}', '{"token":"a","status":401}', '{"token":"b","status":0}', "Killed", ""].join("\n");
  const { calls, failures, byToken } = tally(lines);
  expect({ calls, failures: failures.length, byToken: [...byToken] }).toEqual({ calls: 3, failures: 2, byToken: [["a", 2], ["b", 1]] });
});

describe("the narrator", () => {
  function narrator(options: { isTTY?: boolean; environment?: NodeJS.ProcessEnv } = {}): { tell: Narrator; text: () => string } {
    let text = "";
    const terminal = { isTTY: options.isTTY ?? false, write: (more: string) => (text += more) };
    return { tell: new Narrator(terminal, options.environment ?? {}), text: () => text };
  }

  test("numbers steps, and shows commands and claims below them", () => {
    const { tell, text } = narrator();
    tell.step("First");
    tell.run("kubectl apply -f x");
    tell.claim("it holds", true);
    tell.step("Second");
    expect(text()).toBe("\n 1  First\n    $ kubectl apply -f x\n    ✓ it holds\n\n 2  Second\n");
    expect(tell.claims).toBe(1);
  });

  test("throws where a claim does not hold, and does not print it", async () => {
    const { tell, text } = narrator();
    expect(() => tell.claim("all is well", "nothing is")).toThrow(FalseClaim);
    await expect(tell.await("it comes", 0.2, () => Promise.resolve("it does not come"))).rejects.toThrow(/it comes\n {2}Instead: it does not come \(waited/);
    expect(text()).toBe("");
    expect(tell.claims).toBe(0);
  });

  test("waits for what needs its time", async () => {
    const { tell, text } = narrator();
    let looks = 0;
    await tell.await("it comes", 5, () => Promise.resolve((looks += 1) === 3 ? true : "not yet"));
    expect(text()).toBe("    ✓ it comes\n");
  });

  test("colours on a terminal alone, and not where NO_COLOR or a dumb terminal asks for none", () => {
    const shown = (options: Parameters<typeof narrator>[0]): boolean => {
      const { tell, text } = narrator(options);
      tell.step("Step");
      return text().includes("\u001B[");
    };
    expect(shown({ isTTY: true })).toBe(true);
    expect(shown({ isTTY: false })).toBe(false);
    expect(shown({ isTTY: true, environment: { NO_COLOR: "1" } })).toBe(false);
    expect(shown({ isTTY: true, environment: { TERM: "dumb" } })).toBe(false);
  });

  test("says nothing more once it was silenced", () => {
    const { tell, text } = narrator();
    tell.silence();
    tell.failure(new Error("late"));
    expect(text()).toBe("");
  });
});
