// The handlers of a token as a dynamic provider has them; what they do is token-life.ts.
import type { Desired } from "../core/desired.ts";
import { warnOfCredential } from "./credential-check.ts";
import type { Outputs } from "./desired.ts";
import { complaints, settled, type Inputs } from "./inputs.ts";
import { markFor } from "./mark.ts";
import { warnOfStrangers } from "./name-check.ts";
import { ownerComplaints } from "./owner-check.ts";
import { configure } from "./session.ts";
import { create, diff, read, remove, update } from "./token-life.ts";

/** As cmd/dynamic-provider calls them. */
export interface Handlers {
  configure(request: { config: { get(key: string): string | undefined } }): Promise<void>;
  check(olds: Inputs, news: Inputs): Promise<{ inputs: Inputs; failures: { property: string; reason: string }[] }>;
  diff(id: string, olds: Outputs, news: Inputs): Promise<{ changes: boolean; replaces?: string[] }>;
  create(inputs: Inputs): Promise<{ id: string; outs: Outputs }>;
  read(id: string, outputs: Outputs): Promise<{ id: string; props: Outputs }>;
  update(id: string, olds: Outputs, news: Inputs): Promise<{ outs: Outputs }>;
  delete(id: string, outputs: Outputs): Promise<void>;
}

export function tokenHandlers(kind: Desired["kind"]): Handlers {
  return {
    async configure({ config }) {
      configure((key) => config.get(key));
    },
    async check(olds, news) {
      const inputs = settled(olds, news);
      const failures = [...complaints(kind, inputs), ...(await ownerComplaints(kind, inputs))];
      await warnOfCredential(olds);
      if (failures.length === 0) await warnOfStrangers({ kind, mark: markFor(inputs["self"]), olds, self: inputs["self"] });
      return { inputs, failures };
    },
    async diff(mark, olds, news) {
      const { changes } = await diff({ kind, mark }, olds, news);
      return { changes };
    },
    create: (inputs) => create({ kind, mark: markFor(inputs["self"]) }, inputs),
    read: (mark, outputs) => read({ kind, mark }, outputs),
    update: (mark, olds, news) => update({ kind, mark }, olds, news),
    delete: (mark, outputs) => remove({ kind, mark }, outputs),
  };
}
