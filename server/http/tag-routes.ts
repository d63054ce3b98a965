// Global tags, which clients list beside the tokens. Decides that there are none: this
// service keeps users and tokens only, and an empty page is the truth about it.
import { type PageQuery, pageAnswer } from "./answer.ts";
import { pageQuery } from "./input-schema.ts";
import { type Route, route } from "./route.ts";

const list = route<PageQuery>({
  method: "GET",
  path: "/global-tags",
  summary: "Global tags, of which this service keeps none",
  success: 200,
  answer: "GlobalTagPage",
  query: pageQuery,
  handle: ({ query }) => Promise.resolve(pageAnswer([], 0, query)),
});

export const tagRoutes: readonly Route[] = [list];
