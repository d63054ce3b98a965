// The endpoints of teams. Decides who may call them and what they are given.
import { Refusal } from "../rules/refusal.ts";
import { countTeams, findMembers, findTeam, searchTeams } from "../storage/team-table.ts";
import { type PageQuery, pageAnswer, sliceOf, teamAnswer } from "./answer.ts";
import { teamListQuery } from "./input-schema.ts";
import { type Route, route } from "./route.ts";

const list = route<PageQuery & { name?: string }>({
  method: "GET",
  path: "/teams",
  summary: "Teams, page by page",
  success: 200,
  answer: "TeamPage",
  query: teamListQuery,
  handle: async ({ service: { database }, query }) => {
    const total = await countTeams(database, query.name ?? null);
    const teams = await searchTeams(database, query.name ?? null, sliceOf(query));
    const members = await findMembers(database, teams.map(({ id }) => id));
    const byTeam = Map.groupBy(members, ({ teamId }) => teamId);
    return pageAnswer(teams.map((team) => teamAnswer(team, byTeam.get(team.id) ?? [])), total, query);
  },
});

const read = route({
  method: "GET",
  path: "/teams/:id",
  summary: "One team and who is in it",
  success: 200,
  answer: "GetTeam",
  handle: async ({ service: { database }, id }) => {
    const team = await findTeam(database, id);
    if (team === undefined) throw new Refusal("missing", "Team not found.");
    return teamAnswer(team, await findMembers(database, [team.id]));
  },
});

export const teamRoutes: readonly Route[] = [list, read];
