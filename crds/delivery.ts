// Where a token is delivered and what restarts for it, as both kinds of token have it in Kubernetes alone.
import type { Schema } from "../core/schema.ts";
import { GROUP, object, objectName } from "./parts.ts";

/** Types that Kubernetes itself, or Helm, gives a meaning: one of them is a credential for the cluster. */
const RESERVED_TYPES = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/** Keys without which the apiserver takes no Secret of a type; one that is taken over may have them already. */
const KEYS: readonly { readonly type: string; readonly has: string; readonly words: string }[] = [
  { type: "kubernetes.io/dockerconfigjson", has: "'.dockerconfigjson' in self.template", words: "the key .dockerconfigjson" },
  { type: "kubernetes.io/dockercfg", has: "'.dockercfg' in self.template", words: "the key .dockercfg" },
  { type: "kubernetes.io/tls", has: "'tls.crt' in self.template && 'tls.key' in self.template", words: "the keys tls.crt and tls.key" },
  { type: "kubernetes.io/ssh-auth", has: "'ssh-privatekey' in self.template", words: "the key ssh-privatekey" },
  { type: "kubernetes.io/basic-auth", has: "'username' in self.template || 'password' in self.template", words: "the key username or password" },
];

const keyRules = KEYS.map(({ type, has, words }) => ({
  // Guarded, because the apiserver checks the default {} before it fills it.
  rule: `!has(self.type) || self.type != '${type}' || !has(self.template) || (has(self.adopt) && self.adopt) || ${has}`,
  message: `a Secret of the type ${type} needs ${words} in secret.template; or use the type Opaque`,
}));

const WORD = String.raw`\.(token|url|name|expiresAt|user)`;
const TEXT = String.raw`"([^"\\]|\\.)*"`;
const FUNCTION = "(base64|json|url|host|shell)";
const TERM = `(${WORD}|${TEXT})`;
/** Text without {{, and expressions; a template that this lets through can be rendered. */
const EXPRESSION = String.raw`\{\{-?\s*${TERM}(\s*${TERM})*\s*(\|\s*${FUNCTION}\s*)*-?\}\}`;
export const TEMPLATE_PATTERN = String.raw`^([^{]|\{[^{]|${EXPRESSION})*\{?$`;

const help = 'write {{ .token }}, {{ .url }}, {{ .name }}, {{ .expiresAt }} or {{ .user }}, texts in double quotes beside them, and after | the functions base64, json, url, host and shell, as in {{ .user ":" .token | base64 }}';

const template: Schema = {
  type: "object",
  description: `Its keys, and what stands under each: text with expressions. In an expression ${help}.`,
  default: { token: "{{ .token }}" },
  maxProperties: 32,
  additionalProperties: { type: "string", maxLength: 4096 },
  "x-kubernetes-validations": [
    { rule: "self.exists(key, self[key].contains('.token'))", message: "no key of the template holds the token: write {{ .token }} under at least one" },
    { rule: "self.all(key, key.matches('^[-._a-zA-Z0-9]{1,253}$') && key != '.' && !key.startsWith('..'))", message: "a key of a Secret consists of letters, digits, '-', '_' and '.', and does not begin with '..'" },
    { rule: `self.all(key, self[key].matches(r'${TEMPLATE_PATTERN}'))`, message: `an expression of the template is not understood: ${help}` },
  ],
};

const QUALIFIED = "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
const named = (what: string): NonNullable<Schema["x-kubernetes-validations"]> => [
  { rule: `self.all(key, key.matches('${QUALIFIED}'))`, message: `a name of ${what} is at most 63 letters, digits, '-', '_' and '.', after a domain and '/' where it has one` },
  {
    rule: `self.all(key, !key.startsWith('${GROUP}/') && !key.startsWith('kubernetes.io/') && key != 'app.kubernetes.io/managed-by')`,
    message: `names that begin with ${GROUP}/ or kubernetes.io/, and app.kubernetes.io/managed-by, are not free: choose a prefix of your own`,
  },
];

export const secret: Schema = object(
  {
    name: objectName("Name of the Secret; default: this object's name."),
    type: {
      type: "string",
      description: "Its type.",
      default: "Opaque",
      minLength: 1,
      maxLength: 253,
      "x-kubernetes-validations": [
        {
          rule: `!(self in ${JSON.stringify(RESERVED_TYPES).replaceAll('"', "'")})`,
          message: "Kubernetes itself acts on Secrets of this type: use Opaque, or a type of your own",
        },
      ],
    },
    template,
    labels: {
      type: "object",
      description: "Labels of the Secret.",
      maxProperties: 32,
      additionalProperties: { type: "string", maxLength: 63 },
      "x-kubernetes-validations": [
        ...named("a label"),
        { rule: "self.all(key, self[key].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$'))", message: "the value of a label is at most 63 letters, digits, '-', '_' and '.', and begins and ends with a letter or digit" },
      ],
    },
    annotations: {
      type: "object",
      description: "Annotations of the Secret.",
      maxProperties: 32,
      additionalProperties: { type: "string", maxLength: 4096 },
      "x-kubernetes-validations": named("an annotation"),
    },
    adopt: { type: "boolean", description: "Take over a Secret of this name that is not ours and has no other owner.", default: false },
  },
  {
    description: "Where the token is delivered.",
    default: {},
    "x-kubernetes-validations": [
      {
        // Guarded, because the apiserver checks the default {} before it fills it.
        rule: "!has(self.type) || !has(oldSelf.type) || self.type == oldSelf.type || (has(self.name) ? self.name : '') != (has(oldSelf.name) ? oldSelf.name : '')",
        message: "the type of a Secret cannot be changed: change secret.name together with secret.type",
      },
      ...keyRules,
    ],
  },
);

export const restart: Schema = {
  type: "array",
  description: "What is restarted once a new revision is delivered, because it reads its token at its start only. In this namespace.",
  default: [],
  maxItems: 16,
  items: object(
    {
      kind: { type: "string", description: "Deployment, StatefulSet or DaemonSet.", enum: ["Deployment", "StatefulSet", "DaemonSet"] },
      name: objectName("Its name."),
    },
    { required: ["kind", "name"] },
  ),
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["kind", "name"],
};
