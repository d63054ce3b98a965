// What keeps a credential from being read is told as what it is: the token API has no part in it.
import { expect, onTestFinished, test } from "vitest";
import { projectIssuer } from "../../../controller/issuer-object.ts";
import { readCredential } from "../../../controller/issuer-credential.ts";
import { RestClient } from "../../../controller/runtime/index.ts";
import { FakeApiserver, status, type Interceptor } from "../../support/fake-apiserver.ts";

const issuer = projectIssuer("TokenIssuer")({ metadata: { name: "q", namespace: "data" }, spec: { url: "https://q", credentialsSecretRef: { name: "admin" } } });
const holding = (data: Record<string, string>): object => ({ metadata: { name: "admin", namespace: "data" }, data });

interface Case {
  readonly because: string;
  readonly secret: object | null;
  readonly answer: Interceptor;
  readonly error: object;
}

const missing = (words: string): object => ({ code: "CREDENTIAL_MISSING", kind: "denied", message: expect.stringContaining(words) as string });
const unread = { code: "CREDENTIAL_UNREAD", kind: "retryable", message: expect.stringContaining("The Secret data/admin could not be read from the cluster's apiserver") as string };

test.each<Case>([
  { because: "there is none", secret: null, answer: () => undefined, error: missing("There is no Secret admin in the namespace data: create it") },
  { because: "it has another key", secret: holding({ password: "eA==" }), answer: () => undefined, error: missing('The Secret admin has no key "token"') },
  { because: "the operator may not", secret: holding({}), answer: () => status(403, "Forbidden"), error: unread },
  { because: "the apiserver breaks", secret: holding({}), answer: () => "drop", error: unread },
])("a credential that cannot be read, because $because", async ({ secret, answer, error }) => {
  const server = await FakeApiserver.start();
  const client = new RestClient({ credentials: server.credentials(), retryBudgetMs: 0 });
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  if (secret) server.collection("secrets").put(secret);
  server.intercept = answer;
  await expect(readCredential(client, issuer)).rejects.toMatchObject(error);
});
