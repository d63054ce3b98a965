// The schemas of our kinds' specs, as their CRDs are generated from them. Decides how they are compiled, and nothing else.
import type { Options } from "ajv";
import { clusterTokenIssuer, tokenIssuer } from "../crds/issuers.ts";
import { personalToken, serviceToken } from "../crds/kinds.ts";
import { serviceUser } from "../crds/user.ts";

export const SHAPES = { ServiceToken: serviceToken.spec, PersonalToken: personalToken.spec, ServiceUser: serviceUser.spec, TokenIssuer: tokenIssuer.spec, ClusterTokenIssuer: clusterTokenIssuer.spec };

// The schemas are our own: to have them checked against their meta-schema, or their code made shorter, would cost more of
// a start than all the rest here.
export const SHAPE_OPTIONS: Options = { allErrors: true, strict: false, meta: false, validateSchema: false, useDefaults: true, verbose: true, code: { optimize: false } };
