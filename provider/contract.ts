// What is stored with every resource and must therefore never change: the types' names, and the few bytes of
// "code" that the engine keeps as __provider. They only name this package, so an upgrade of the package is an
// upgrade of every handler, in refresh and destroy too, and nothing is ever serialised.

const text = (handler: string): string => `exports.handler=()=>require("qualytics-servicetokens/provider/delegate").${handler}`;

export interface Contract {
  /** The resource type, as it stands in every URN. */
  readonly type: string;
  /** The value of __provider. */
  readonly provider: string;
}

export const SERVICE_TOKEN: Contract = { type: "pulumi-nodejs:dynamic/servicetokens:ServiceToken", provider: text("serviceToken") };
export const PERSONAL_TOKEN: Contract = { type: "pulumi-nodejs:dynamic/servicetokens:PersonalToken", provider: text("personalToken") };
export const SERVICE_USER: Contract = { type: "pulumi-nodejs:dynamic/servicetokens:ServiceUser", provider: text("serviceUser") };
