// Everything that names an issuer is woken, however much it is, and the event loop goes on meanwhile.
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Caches } from "../../../controller/caches.ts";
import { projectToken } from "../../../controller/kinds.ts";
import { silentLogger, WorkQueue } from "../../../controller/runtime/index.ts";
import { wakeAll } from "../../../controller/wakes.ts";

const MANY = 1_700;

function filled(): Caches {
  const caches = new Caches("cluster", silentLogger);
  const project = projectToken("ServiceToken");
  for (let index = 0; index < MANY; index++) {
    const metadata = { namespace: "data", name: `token-${index}`, uid: `${index}`, resourceVersion: `${index + 1}` };
    caches.tokens.ServiceToken.observeWrite(project({ metadata, spec: { issuerRef: { name: index % 17 === 0 ? "other" : "qualytics" }, serviceUser: { name: "a" } } }));
  }
  return caches;
}

test("all tokens of an issuer are woken in steps, and none of another one", async () => {
  const caches = filled();
  const queues = { tokens: { ServiceToken: new WorkQueue(), PersonalToken: new WorkQueue() }, users: new WorkQueue(), issuers: new WorkQueue() };
  expect(caches.uses("data/qualytics")).toEqual({ service: true, personal: false });
  expect(caches.uses("data/none")).toBe(null);
  wakeAll({ caches, queues }, "data/qualytics");
  const { ServiceToken } = queues.tokens;
  expect(ServiceToken.depth).toBe(500);
  const depths: number[] = [];
  while (depths.length < 10) {
    await turn();
    depths.push(ServiceToken.depth);
  }
  expect([depths[0], depths.at(-1)]).toEqual([1_000, MANY - MANY / 17]);
  expect(queues.tokens.PersonalToken.depth).toBe(0);
});
