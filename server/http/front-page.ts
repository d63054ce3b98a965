// What a browser sees at `/`. Decides its text and that it may load nothing; must not
// know any user.
import type { FastifyInstance } from "fastify";
import { about } from "./public-routes.ts";

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Qualytics token service</title>
<h1>Qualytics token service</h1>
<p>${about.description}. Version ${about.version}.</p>
<p>The API is at <a href="/api/">/api/</a>, its description at <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</html>
`;

export function serveFrontPage(app: FastifyInstance): void {
  app.get("/", (_request, reply) =>
    reply
      .header("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
      .header("x-content-type-options", "nosniff")
      .type("text/html; charset=utf-8")
      .send(page),
  );
}
