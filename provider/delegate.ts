// What the text stored with every resource asks for (contract.ts). The names are part of that contract.
import "./swept-heap.ts";
import { tokenHandlers } from "./token-handlers.ts";
import { userHandlers } from "./user-handlers.ts";

export const serviceToken = tokenHandlers("ServiceToken");
export const personalToken = tokenHandlers("PersonalToken");
export const serviceUser = userHandlers;
