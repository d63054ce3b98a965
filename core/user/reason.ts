// Every reason that can be given about a service user: one closed list, as core/reason.ts is for tokens.
// Machines match on these words; they are never renamed.

export const USER_REASONS = [
  // waiting for something outside
  "IssuerNotFound",
  "IssuerNotReady",
  "CredentialDenied",
  "ServiceUserUnknown",
  "PolicyForbids",
  "ServiceUserClaimed",
  "ServiceUserRenamed",
  "ServiceUserNameTaken",
  "ServiceUserRefused",
  "Paused",
  // its life
  "Ready",
  "Creating",
  "Created",
  "Reactivating",
  "Reactivated",
  "Changing",
  "Changed",
  // deletion
  "Deleting",
  "DeletionBlocked",
  "ServiceUserInUse",
  "Deactivated",
  "Abandoned",
] as const;

export type UserReason = (typeof USER_REASONS)[number];
