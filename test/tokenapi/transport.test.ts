// The client against a socket that breaks: what each breakage is called, whether the call goes out again, how it
// makes room, and that no secret gets out with an error.
import { describe, expect, it, vi } from "vitest";
import { SecretValue } from "../../core/secret-value.ts";
import { after, answer, flood, half, hangUp, html, json, nonsense, reset, silence, stuck, trickle } from "../support/breaking-socket.ts";
import type { Act } from "../support/breaking-socket.ts";
import { calls, canary, failing, fine, gone, issue, issued, open, quick, script, sleep, token, user } from "../support/scripted-api.ts";

/** What it is, the act that meets every try, the call; then its kind, its code and how many requests were seen. */
type Row = [string, Act, keyof typeof calls, string, string, number];

describe("what breaks", () => {
  const rows: Row[] = [
    ["a reset before the answer", reset, "GET", "retryable", "ANSWER_LOST", 4],
    ["a reset before the answer", reset, "DELETE", "retryable", "ANSWER_LOST", 4],
    ["a reset before the answer", reset, "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["an end before the answer", hangUp, "PUT", "retryable", "ANSWER_LOST", 4],
    ["an end before the answer", hangUp, "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["half an answer and an end", half(200, `{"bearer_token":"${canary}"`, "end"), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["half an answer and a reset", half(200, `{"bearer_token":"${canary}"`, "reset"), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["half an answer and a reset", half(200, "[", "reset"), "GET", "retryable", "ANSWER_LOST", 4],
    ["an answer that is no HTTP", nonsense, "GET", "retryable", "ANSWER_LOST", 4],
    ["an answer that is no HTTP", nonsense, "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["500", json(500, { detail: canary }), "GET", "retryable", "API_FAILED", 1],
    ["500, after the effect", json(500, { detail: canary }), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["502", html(502), "GET", "retryable", "API_UNAVAILABLE", 4],
    ["502", html(502), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["503 without Retry-After", html(503), "PUT", "retryable", "API_UNAVAILABLE", 4],
    ["503 without Retry-After", html(503), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["503 with Retry-After", html(503, { "retry-after": "0" }), "POST", "retryable", "API_UNAVAILABLE", 4],
    ["504", html(504), "DELETE", "retryable", "API_UNAVAILABLE", 4],
    ["504", html(504), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["429", html(429), "GET", "retryable", "RATE_LIMITED", 4],
    ["429", json(429, { detail: "slow" }), "POST", "retryable", "RATE_LIMITED", 4],
    ["408", html(408), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["401", json(401, { detail: canary }), "GET", "denied", "CREDENTIAL_REJECTED", 1],
    ["401", json(401, { detail: canary }), "POST", "denied", "CREDENTIAL_REJECTED", 1],
    ["403 of the API", json(403, { detail: `no, ${canary}` }), "POST", "denied", "PERMISSION_DENIED", 1],
    ["403 of a firewall", html(403), "GET", "denied", "FIREWALL", 1],
    ["403 of a firewall", html(403), "POST", "denied", "FIREWALL", 1],
    ["404 of the API", gone, "DELETE", "missing", "NOT_FOUND", 1],
    ["404 without a body", answer(404, ""), "PUT", "missing", "NOT_FOUND", 1],
    ["404 of a gateway", html(404), "DELETE", "retryable", "NOT_THE_API", 1],
    ["409", json(409, { detail: "exists" }), "POST", "conflict", "NAME_TAKEN", 1],
    ["409", json(409, { detail: "changed" }), "PUT", "conflict", "CONFLICT", 1],
    ["400 on a delete", json(400, { detail: "active" }), "DELETE", "conflict", "TOKEN_STILL_ACTIVE", 1],
    ["409 on a delete", json(409, { detail: "active" }), "DELETE", "conflict", "TOKEN_STILL_ACTIVE", 1],
    ["400", json(400, { detail: "expired" }), "PUT", "invalid", "REQUEST_REFUSED", 1],
    ["422", json(422, { detail: [] }), "POST", "invalid", "REQUEST_REFUSED", 1],
    ["415", json(415, {}), "POST", "invalid", "REQUEST_REFUSED", 1],
    ["413", html(413), "POST", "invalid", "REQUEST_TOO_LARGE", 1],
    ["414", html(414), "GET", "invalid", "REQUEST_TOO_LARGE", 1],
    ["431", html(431), "GET", "invalid", "REQUEST_TOO_LARGE", 1],
    ["a redirect for good", html(301, { location: "https://else.example/api/" }), "POST", "invalid", "REDIRECTED", 1],
    ["a detour", html(302, { location: "/login" }), "GET", "retryable", "REDIRECTED", 1],
    ["a web page with 200", html(200), "GET", "retryable", "MALFORMED_ANSWER", 1],
    ["a web page with 200", html(200), "POST", "uncertain", "MALFORMED_ANSWER", 1],
    ["JSON of another shape", json(200, [canary]), "GET", "retryable", "MALFORMED_ANSWER", 1],
    ["a token without its value", json(200, { ...token, bearer_token: null }), "POST", "uncertain", "MALFORMED_ANSWER", 1],
    ["no content where some belongs", (socket) => void socket.write("HTTP/1.1 204 No Content\r\n\r\n"), "PUT", "retryable", "MALFORMED_ANSWER", 1],
    ["a body without end", flood(200), "GET", "retryable", "ANSWER_TOO_LARGE", 1],
    ["a body without end", flood(200), "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["an error page without end", flood(404), "GET", "retryable", "NOT_THE_API", 1],
  ];
  it.each(rows)("%s (%#)", async (...row) => {
    const [, act, method, kind, code, requests] = row;
    const { api, socket } = await script([act]);
    const error = await failing(calls[method](api));
    expect({ kind: error.kind, code: error.code, requests: socket.seen.length }).toEqual({ kind, code, requests });
    expect(socket.seen[0]?.method).toBe(method);
  });

  const slow: Row[] = [
    ["no answer", silence, "GET", "retryable", "ANSWER_LATE", 1],
    ["no answer", silence, "POST", "uncertain", "OUTCOME_UNKNOWN", 1],
    ["headers without a body", stuck(200), "GET", "retryable", "ANSWER_LATE", 1],
    ["headers that trickle in", trickle("headers", 20), "GET", "retryable", "ANSWER_LATE", 1],
    ["a body that trickles in", trickle("body", 20), "GET", "retryable", "ANSWER_LATE", 1],
  ];
  it.each(slow)("%s (%#)", async (...row) => {
    const [, act, method, kind, code, requests] = row;
    const { api, socket } = await script([act], { timeout: 120, timing: { ...quick, tries: 1 } });
    const begun = performance.now();
    const error = await failing(calls[method](api));
    expect({ kind: error.kind, code: error.code, requests: socket.seen.length }).toEqual({ kind, code, requests });
    expect(performance.now() - begun).toBeLessThan(4_000);
  });
});

describe("what mends itself", () => {
  const late = after(80, fine);
  const rows: [string, Act[], keyof typeof calls, number][] = [
    ["a reset", [reset, fine], "GET", 2],
    ["half an answer", [half(200, "{", "end"), half(200, "{", "reset"), fine], "GET", 3],
    ["502, 503, 504", [html(502), html(503), html(504), fine], "GET", 4],
    ["429 on a POST, which was not worked on", [html(429), issued], "POST", 2],
    ["503 with Retry-After on a POST", [html(503, { "retry-after": "0" }), issued], "POST", 2],
    ["a lost answer to a PUT", [reset, json(200, token)], "PUT", 2],
    ["a slow answer within the time", [late], "GET", 1],
    ["a time-out, once", [silence, fine], "GET", 2],
  ];
  it.each(rows)("%s", async (_what, acts, method, requests) => {
    const { api, socket } = await script(acts);
    await calls[method](api);
    expect(socket.seen).toHaveLength(requests);
  });

  it("a POST waits longer than the rest", async () => {
    const { api } = await script([after(200, issued)], { timeout: 130 });
    await issue(api);
  });

  it("a DELETE whose answer was lost is then told that there is nothing", async () => {
    const { api, socket } = await script([reset, gone]);
    expect(await failing(api.delete(7))).toMatchObject({ kind: "missing" });
    expect(socket.seen).toHaveLength(2);
  });

  it("a slow API is not waited for four times over", async () => {
    const { api, socket } = await script([silence], { timeout: 100 });
    await failing(api.me());
    expect(socket.seen).toHaveLength(2);
  });
});

describe("Retry-After", () => {
  it("is waited for", async () => {
    const { api, socket } = await script([html(429, { "retry-after": "1" }), fine], { timeout: 3_000 });
    await api.me();
    const [first, second] = socket.seen;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(995);
  });

  it("may be a date, by the API's clock", async () => {
    const date = Date.UTC(2020, 0, 1);
    const fields = { date: new Date(date).toUTCString(), "retry-after": new Date(date + 1_000).toUTCString() };
    const { api, socket } = await script([html(429, fields), fine], { timeout: 3_000 });
    await api.me();
    const [first, second] = socket.seen;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(995);
  });

  it("is the caller's to wait for where it is long", async () => {
    const { api, socket } = await script([html(429, { "retry-after": "3600" })], { timeout: 3_600_000 });
    const error = await failing(api.me());
    expect(error).toMatchObject({ kind: "retryable", code: "RATE_LIMITED", retryAfter: 3_600_000 });
    expect(socket.seen).toHaveLength(1);
  });

  it("is handed on after the last try", async () => {
    const { api } = await script([html(503, { "retry-after": "0" })]);
    expect(await failing(issue(api))).toMatchObject({ retryAfter: 0 });
  });
});

describe("too much", () => {
  it("is never more than maxInFlight at once", async () => {
    const { api, socket } = await script([after(20, fine)], { maxInFlight: 3 });
    await Promise.all(Array.from({ length: 12 }, () => api.me()));
    expect(socket.atOnce).toBe(3);
    expect(socket.connections).toBe(3);
  });

  it("halves what is let in at once, and lets it recover", async () => {
    const { api, socket } = await script([after(10, html(429)), after(10, fine)], { maxInFlight: 8, timing: { ...quick, recovery: 40 } });
    await api.me();
    expect(api.limit).toBe(4);
    while (api.limit < 8) await Promise.all([api.me(), api.me(), api.me(), api.me(), api.me(), api.me()]);
    expect(socket.seen.length).toBeGreaterThan(8);
  });

  it("lets in no more than that", async () => {
    const { api, socket } = await script([html(429), after(20, fine)], { maxInFlight: 8, timing: { ...quick, recovery: 10_000 } });
    await api.me();
    await Promise.all(Array.from({ length: 12 }, () => api.me()));
    expect(socket.atOnce).toBe(4);
  });

  it("counts once where a burst is refused together", async () => {
    const { api } = await script([...Array.from({ length: 8 }, () => after(10, html(429))), fine], { maxInFlight: 8 });
    await Promise.all(Array.from({ length: 8 }, () => api.me()));
    expect(api.limit).toBeGreaterThanOrEqual(4);
  });

  it("holds the others back too, for as long as was asked", async () => {
    const { api, socket } = await script([html(503, { "retry-after": "1" }), fine], { timeout: 3_000 });
    const first = api.me();
    while (socket.seen.length < 1) await sleep(5);
    await sleep(50);
    await Promise.all([first, api.tokens("service").catch(() => undefined)]);
    expect(Math.min(...socket.seen.slice(1).map(({ at }) => at)) - (socket.seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(995);
  });

  it("is never more than requestsPerSecond, but for a tenth of a second's worth at once", async () => {
    const { api, socket } = await script([fine], { requestsPerSecond: 50 });
    const begun = performance.now();
    await Promise.all(Array.from({ length: 30 }, () => api.me()));
    // Five may go at once; the others one every 20 ms at most, however slow this machine is.
    expect((socket.seen.at(-1)?.at ?? 0) - begun).toBeGreaterThanOrEqual(500);
  });
});

describe("the end", () => {
  it("makes a POST that was sent uncertain, and lets nothing else out", async () => {
    const { api, socket } = await script([silence], { timeout: 5_000 });
    const calls = [failing(issue(api)), failing(api.me())];
    while (socket.seen.length < 2) await sleep(5);
    await api.close();
    const [post, get] = await Promise.all(calls);
    expect(post).toMatchObject({ kind: "uncertain", code: "OUTCOME_UNKNOWN" });
    expect(get).toMatchObject({ kind: "retryable", code: "CLIENT_CLOSED" });
    expect(await failing(issue(api))).toMatchObject({ kind: "retryable", code: "CLIENT_CLOSED" });
    expect(socket.seen).toHaveLength(2);
  });

  it("comes with the signal: who waits for a place, or for the next try, waits no longer", async () => {
    const controller = new AbortController();
    const { api, socket } = await script([html(429, { "retry-after": "20" }), silence], { timeout: 30_000, signal: controller.signal, maxInFlight: 2 });
    const waiting = [failing(api.me())];
    while (socket.seen.length < 1) await sleep(5);
    await sleep(20);
    waiting.push(failing(issue(api)), failing(api.tokens("personal")));
    await sleep(20);
    controller.abort();
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ kind: "retryable", code: "CLIENT_CLOSED" });
    expect(socket.seen).toHaveLength(1);
  });

  it("may have come before the beginning", async () => {
    const api = open("http://127.0.0.1:9", { signal: AbortSignal.abort() });
    expect(await failing(api.me())).toMatchObject({ code: "CLIENT_CLOSED" });
  });
});

describe("the clock of the API", () => {
  const dated = (offset: number, fields = {}): Act => (socket, seen) => json(200, user, { date: new Date(Date.now() + offset).toUTCString(), ...fields })(socket, seen);
  it.each([
    ["the same", dated(0), 0],
    ["a second of difference, which is none", dated(900), 0],
    ["ahead", dated(120_000), 120_000],
    ["behind", dated(-3_600_000), -3_600_000],
    ["of an old answer in a cache", dated(-600_000, { age: "600" }), 0],
    ["not told", fine, 0],
  ])("is %s", async (_what, act, expected) => {
    const { api } = await script([act]);
    await api.me();
    expect(Math.abs(api.clockOffset - expected)).toBeLessThanOrEqual(expected === 0 ? 0 : 1_000);
  });

  it("stays what it is when ours jumps, also when it jumps back after an answer in between", async () => {
    const real = Date.now;
    const apiNow = (): number => Date.now() + api.clockOffset;
    const { api } = await script([dated(0), (socket, seen) => json(200, user, { date: new Date(real()).toUTCString() })(socket, seen)]);
    const off = (): number => Math.abs(apiNow() - real());
    await api.me();
    const jumped = vi.spyOn(Date, "now").mockImplementation(() => real() + 600_000);
    try {
      expect(off()).toBeLessThan(2_000);
      await api.me();
      expect(off()).toBeLessThan(2_000);
    } finally {
      jumped.mockRestore();
    }
    expect(off()).toBeLessThan(2_000);
  });
});

describe("the credential", () => {
  const jwt = (claims: object): string => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${canary}`;

  it.each([
    ["expired", { exp: Date.UTC(2026, 0, 15) / 1_000 }, "it expired on 2026-01-15"],
    ["not expired", { exp: Date.UTC(2126, 0, 15) / 1_000 }, "wrong, expired or revoked, or this deployment refuses"],
    ["without an end", {}, "wrong, expired or revoked, or this deployment refuses"],
  ])("that is refused and %s by its own claims is called so", async (_what, claims, says) => {
    const { api } = await script([json(401, {})], { token: new SecretValue(jwt(claims)) });
    expect((await failing(api.me())).message).toContain(says);
  });

  it("is read anew after a 401, and tried again where it changed", async () => {
    const values = ["old", "new"];
    const { api, socket } = await script([json(401, {}), issued], { token: () => new SecretValue(values.shift() ?? "new") });
    await issue(api);
    expect(socket.seen.map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer old", "Bearer new"]);
  });

  it("is not tried twice where it did not change, nor more than once where it always does", async () => {
    const same = await script([json(401, {})]);
    await failing(same.api.me());
    expect(same.socket.seen).toHaveLength(1);
    let count = 0;
    const other = await script([json(401, {})], { token: () => new SecretValue(`value-${count++}`) });
    await failing(other.api.me());
    expect(other.socket.seen).toHaveLength(2);
  });

  it("may end in a line break, as files do", async () => {
    const { api, socket } = await script([fine], { token: new SecretValue("value\n") });
    await api.me();
    expect(socket.seen[0]?.headers.get("authorization")).toBe("Bearer value");
  });

  it.each([
    ["empty", " \n", "is empty"],
    ["two lines", `${canary}\n${canary}`, "spaces or characters"],
    ["no ASCII", `${canary}ü`, "spaces or characters"],
  ])("that is %s is refused before anything is sent", async (_what, value, says) => {
    const { api, socket } = await script([fine], { token: new SecretValue(value) });
    const error = await failing(api.me());
    expect(error).toMatchObject({ kind: "denied", code: "CREDENTIAL_UNUSABLE" });
    expect(error.message).toContain(says);
    expect(socket.seen).toHaveLength(0);
  });

  it("that cannot be read passes on no words of who failed", async () => {
    const { api } = await script([fine], { token: () => Promise.reject(Object.assign(new Error(canary), { code: "ENOENT" })) });
    const error = await failing(api.me());
    expect(error).toMatchObject({ kind: "retryable", code: "CREDENTIAL_UNREADABLE" });
    expect(error.message).toContain("(ENOENT)");
  });
});

describe("what the API says", () => {
  const input = "the-input-that-was-sent";
  const fault = (place: (string | number)[], msg: string): object => ({ type: "x", loc: place, msg, input, ctx: { input } });
  const rows: [string, unknown, string][] = [
    ["a sentence", { detail: "Name is too long." }, "issue a token (422): Name is too long."],
    ["faults with places", { detail: [fault(["body", "name"], "too long"), fault(["body", "tags", 0], "bad")] }, "body.name: too long; body.tags.0: bad."],
    ["many faults", { detail: Array.from({ length: 5 }, (_, index) => fault(["body", index], "bad")) }, "body.2: bad; and 2 more."],
    ["several lines and control characters", { detail: "one\r\ntwo\u0007\u202ethree" }, "(422): one two three."],
    ["something without a detail", { error: "x" }, "issue a token (422)."],
    ["a detail of another shape", { detail: { why: "x" } }, "issue a token (422)."],
    ["the credential itself", { detail: `bad header Bearer ${canary}` }, "bad header Bearer [REDACTED]."],
    ["somebody's JWT", { detail: "bad eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJxIn0.abc-_def here" }, "bad [REDACTED] here."],
  ];
  it.each(rows)("is quoted in one line: %s", async (_what, body, says) => {
    const { api } = await script([json(422, body)]);
    const { message } = await failing(issue(api));
    expect(message).toContain(says);
    expect(message).not.toContain(input);
  });

  it("is cut short", async () => {
    const { api } = await script([json(409, { detail: "long ".repeat(10_000) })]);
    expect((await failing(issue(api))).message.length).toBeLessThan(450);
  });
});

describe("a request", () => {
  it("has the token, one media type, a name of ours, and a body only where there is one", async () => {
    const { api, socket } = await script([json(200, [token]), issued], { userAgent: "ours/1" });
    await api.tokens("service");
    await issue(api);
    const [get, post] = socket.seen;
    expect(get).toMatchObject({ method: "GET", path: "/api/user-tokens/service", body: "" });
    expect(get?.headers.get("authorization")).toBe(`Bearer ${canary}`);
    expect(get?.headers.has("content-type")).toBe(false);
    expect(post).toMatchObject({ method: "POST", path: "/api/user-tokens", body: '{"name":"ci","expires_in_days":90,"scim_endpoints_only":false,"user_id":3}' });
    expect(Object.fromEntries(post?.headers ?? [])).toMatchObject({ "content-type": "application/json", "user-agent": "ours/1", accept: "application/json" });
    expect(api.requests).toMatchObject({ tokens: 1, issue: 1, me: 0 });
  });

  it("to a list may be answered with much more than others", async () => {
    const large = json(200, Array.from({ length: 12_000 }, (_, index) => ({ ...token, id: index })));
    const { api } = await script([large]);
    expect(await api.tokens("service")).toHaveLength(12_000);
    expect(await failing(api.revoke(7))).toMatchObject({ code: "ANSWER_TOO_LARGE" });
  });
});
