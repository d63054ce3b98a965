// What a browser gets: one document for every view, and the files it names. Decides which
// paths are views and what the document may load; must not know any user.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Assets, type Encoding, assetName, pageAssets } from "./page-assets.ts";
import { cookieOf } from "./session.ts";

// The vendor's client looks below its API path, which is /api unless it is told otherwise.
const cliLogins = ["/api/cli/authorize", "/cli/authorize"];
const views = ["/", "/settings", "/settings/tags", "/settings/tokens", "/settings/security", "/settings/audit", ...cliLogins];

// Nothing inline and nothing from elsewhere; no script may make markup out of text.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><style>path{fill:#15171c}@media(prefers-color-scheme:dark){path{fill:#f3f3ef}}</style><path fill-rule="evenodd" d="M16 2a14 14 0 0 1 9.6 24.2l3 3-2.8 2.8-3.6-3.600A14 14 0 1 1 16 2Zm0 4.200a9.800 9.800 0 1 0 0 19.600 9.800 9.800 0 0 0 0-19.600Z"/></svg>`;

export function servePage(app: FastifyInstance): void {
  for (const view of views) app.get(view, (request, reply) => sendDocument(request, reply, 200));
  app.get("/icon.svg", (_request, reply) => reply.header("cache-control", "public, max-age=86400").type("image/svg+xml").send(icon));
  app.get<{ Params: { name: string } }>("/assets/:name", (request, reply) => {
    const asset = pageAssets().get(request.params.name);
    if (asset === undefined) return reply.callNotFound();
    const encoding = chosen(request, asset.bodies.br !== undefined);
    if (encoding !== "identity") reply.header("content-encoding", encoding);
    // The name changes with the contents.
    return reply.header("cache-control", "public, max-age=31536000, immutable").header("vary", "accept-encoding").type(asset.type).send(asset.bodies[encoding] ?? asset.bodies.identity);
  });
}

/** True when a person with a browser asked for a page that is not there, and was told so. */
export function showPageNotFound(request: FastifyRequest, reply: FastifyReply): boolean {
  const person = request.method === "GET" && request.headers.accept?.includes("text/html") === true;
  if (!person || /^\/(api|assets)(\/|\?|$)/.test(request.url)) return false;
  sendDocument(request, reply, 404);
  return true;
}

function sendDocument(request: FastifyRequest, reply: FastifyReply, status: number): FastifyReply {
  const theme = cookieOf(request, "theme");
  return reply
    .code(status)
    .header("content-security-policy", policy)
    .header("cross-origin-opener-policy", "same-origin")
    .header("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()")
    // A page that was left is not brought back from a cache with what it showed.
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .send(documentOf(pageAssets(), theme === "light" || theme === "dark" ? theme : undefined));
}

function chosen(request: FastifyRequest, squeezed: boolean): Encoding {
  const accepted = request.headers["accept-encoding"];
  if (!squeezed || typeof accepted !== "string") return "identity";
  if (/\bbr\b/.test(accepted)) return "br";
  return /\bgzip\b/.test(accepted) ? "gzip" : "identity";
}

/** The theme that a person chose comes with the document, so that no other one flashes first. */
function documentOf(assets: Assets, theme: string | undefined): string {
  const script = assetName(assets, "main", ".js");
  const style = assetName(assets, "main", ".css");
  const font = assetName(assets, "geist-latin-wght-normal", ".woff2");
  return `<!doctype html>
<html lang="en"${theme === undefined ? "" : ` data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Settings · Qualytics tokens</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="preload" href="/assets/${font}" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}"></script>
</head>
<body>
<div id="page"><noscript><p class="noscript">This page needs JavaScript. The API does without: <a href="/api/openapi.json">/api/openapi.json</a>.</p></noscript></div>
</body>
</html>
`;
}
