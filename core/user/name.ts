// What the name of a service user may not hold: what the base of a token's name may not (core/token-base.ts), in the same
// words. It stands in lists, and in the names of people who may be mistaken for it.
import type { Rule } from "../schema.ts";
import type { Problem } from "../spec.ts";
import { baseProblems, baseRules } from "../token-base.ts";
import type { UserSpec } from "./desired.ts";

const ofUser = (message: string): string => message.replace(/^tokenName/, "name");

/** For admission. */
export const nameRules: readonly Rule[] = baseRules.map(({ rule, message }) => ({ rule, message: ofUser(message) }));

/** The same for everybody else. */
export const userProblems = ({ name }: Pick<UserSpec, "name">): Problem[] => baseProblems(name).map((message) => ({ path: "name", message: ofUser(message) }));
