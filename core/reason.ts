// Every reason the engine can give: one closed list, for conditions, events, previews and the command line.
// Machines match on these words; they are never renamed.

export const REASONS = [
  // waiting for something outside
  "IssuerNotFound",
  "IssuerNotReady",
  "IssuerInvalid",
  "IssuerChanged",
  "IdentityChanged",
  "IssuerAccepted",
  "IssuerMoved",
  "FormerUnreachable",
  "OutOfReach",
  "CredentialDenied",
  "NotAdministrator",
  "TokensUnknown",
  "TokensSuspect",
  "CopyUnknown",
  "NoServiceUser",
  "ServiceUserDeactivated",
  "ServiceUserUnknown",
  "PolicyForbids",
  "SecretNotOurs",
  "SecretNotWritable",
  "SpecInvalid",
  "VerificationFailed",
  "ClockSkew",
  "Paused",
  // life of a token
  "Issuing",
  "Issued",
  "Delivering",
  "Delivered",
  "Verifying",
  "Ready",
  "Renewal",
  "RotationRequested",
  "SpecChanged",
  "Restarting",
  "Restarted",
  "RestartBlocked",
  "AwaitingRetirement",
  "OutsideWindow",
  "WindowInvalid",
  "Retiring",
  "Retired",
  "RetiredEarly",
  "CleaningUp",
  "Restoring",
  "Restored",
  "RestoredElsewhere",
  "Revoking",
  "Revoked",
  "Compromised",
  // the world changed
  "RevokedElsewhere",
  "DeletedElsewhere",
  "TokenMissing",
  "Expired",
  "SecretMissing",
  "SecretChanged",
  "LostToken",
  "HeldBySomebody",
  "SecondOwner",
  // deletion
  "Deleting",
  "DeletionBlocked",
  "Abandoned",
] as const;

export type Reason = (typeof REASONS)[number];

const KNOWN: ReadonlySet<string> = new Set(REASONS);

/** Whether a word is a reason of ours. */
export const isReason = (word: string): word is Reason => KNOWN.has(word);
