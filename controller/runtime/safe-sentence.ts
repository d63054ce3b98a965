// Sentences of the apiserver about a sensitive object that may be told: each is made of names alone, and none quotes
// what was sent. What a policy or a webhook adds in its own words is left out.

const name = "[-a-zA-Z0-9.:/_]{1,253}";

const SAFE: readonly RegExp[] = [
  // The authorizer's: written before the body is read.
  /User "[^"]*" cannot [a-z]+ resource "[^"]*" in API group "[^"]*"(?: in the namespace "[^"]*"| at the cluster scope)?/,
  /exceeded quota: [-a-z0-9.]{1,253}, requested: [-a-zA-Z0-9./=,]{1,200}, used: [-a-zA-Z0-9./=,]{1,200}, limited: [-a-zA-Z0-9./=,]{1,200}/,
  new RegExp(`ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request`),
  /admission webhook "[-a-zA-Z0-9.]{1,253}" denied the request/,
  /failed calling webhook "[-a-zA-Z0-9.]{1,253}"/,
  /unable to create new content in namespace [-a-z0-9]{1,63} because it is being terminated/,
];

/** The part of a sentence that may be told; undefined: none. */
export function safePart(sentence: string): string | undefined {
  for (const pattern of SAFE) {
    const found = pattern.exec(sentence)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}
