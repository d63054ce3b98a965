// The endpoints of tokens. Decides who may call them and what they are given; the rules
// decide what happens.
import { issueToken, type TokenRequest } from "../rules/token-issue.ts";
import { changeToken, removeToken } from "../rules/token-change.ts";
import { listServiceTokens, listTokensOf } from "../storage/token-list.ts";
import { tokenAnswer } from "./answer.ts";
import { JsonStream } from "./encoding.ts";
import { newTokenBody, tokenChangeBody } from "./input-schema.ts";
import { type Route, route } from "./route.ts";
import { tokenListText } from "./token-stream.ts";

const issue = route<unknown, TokenRequest>({
  method: "POST",
  path: "/user-tokens",
  summary: "Issue a token for the caller, or (Admin) for a service user; its value is shown only here",
  success: 200,
  answer: "GetUserToken",
  body: newTokenBody,
  handle: async ({ service, caller, body }) => {
    const { token, value } = await issueToken(service, caller, body);
    return { ...tokenAnswer(token), bearer_token: value };
  },
});

const listOwn = route({
  method: "GET",
  path: "/user-tokens",
  summary: "The caller's own tokens",
  success: 200,
  answer: "UserToken",
  many: true,
  handle: async ({ service, caller }) => {
    await service.usage.settle();
    return new JsonStream(tokenListText(await listTokensOf(service.database, caller.account.id)));
  },
});

const listService = route({
  method: "GET",
  path: "/user-tokens/service",
  summary: "The tokens of all service users",
  success: 200,
  answer: "UserToken",
  many: true,
  handle: async ({ service }) => {
    await service.usage.settle();
    return new JsonStream(tokenListText(await listServiceTokens(service.database)));
  },
});

const change = route<unknown, { revoke: boolean }>({
  method: "PUT",
  path: "/user-tokens/:id",
  summary: "Revoke or restore a token",
  success: 200,
  answer: "UserToken",
  body: tokenChangeBody,
  handle: async ({ service, caller, id, body }) => tokenAnswer(await changeToken(service, caller, id, body.revoke)),
});

const remove = route({
  method: "DELETE",
  path: "/user-tokens/:id",
  summary: "Delete a revoked or expired token",
  success: 204,
  handle: ({ service, caller, id }) => removeToken(service, caller, id),
});

export const tokenRoutes: readonly Route[] = [issue, listOwn, listService, change, remove];
