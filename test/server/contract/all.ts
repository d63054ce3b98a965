// The whole contract of the API, for whatever storage is below.
import type { World } from "../world.ts";
import { accessContract } from "./access.ts";
import { auditContract } from "./audit.ts";
import { authenticationContract } from "./authentication.ts";
import { inputContract } from "./input.ts";
import { publicContract } from "./public.ts";
import { sessionContract } from "./session.ts";
import { tokensContract } from "./tokens.ts";
import { usersContract } from "./users.ts";

export function apiContract(world: () => World): void {
  publicContract(world);
  accessContract(world);
  usersContract(world);
  tokensContract(world);
  inputContract(world);
  authenticationContract(world);
  sessionContract(world);
  auditContract(world);
}
