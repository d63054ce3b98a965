// The tables, as forward migrations. Decides what is kept and which facts the database
// itself enforces; must not know the API. A migration that was released is never edited:
// a change is a new one at the end. Each is a list of single statements.

export const migrations: readonly (readonly string[])[] = [
  [
    `create table servicetokens.account (
       id integer generated always as identity primary key,
       user_id text not null unique,
       name text not null,
       kind text not null check (kind in ('Human', 'Service')),
       internal boolean not null default false,
       role text not null check (role in ('Member', 'Editor', 'Manager', 'Admin')),
       email text not null,
       created timestamptz not null,
       created_by integer references servicetokens.account (id),
       last_login timestamptz,
       deleted timestamptz
     )`,
    `create table servicetokens.team (
       id integer generated always as identity primary key,
       name text not null unique,
       created timestamptz not null
     )`,
    `create table servicetokens.membership (
       account_id integer not null references servicetokens.account (id),
       team_id integer not null references servicetokens.team (id),
       primary key (account_id, team_id)
     )`,
    `create index membership_team on servicetokens.membership (team_id)`,
    // The name of a token stays taken until the token is deleted, whatever its state.
    // Only a keyed hash of the value is kept: no row gives back a token.
    `create table servicetokens.token (
       id integer generated always as identity primary key,
       account_id integer not null references servicetokens.account (id),
       name text not null,
       created timestamptz not null,
       expiration timestamptz,
       last_used timestamptz,
       active boolean not null default true,
       scim_only boolean not null,
       hash bytea not null unique,
       unique (account_id, name)
     )`,
    `insert into servicetokens.team (name, created) values ('Public', date_trunc('second', now()))`,
    // The service's own user: it is in no list, logs in nowhere and can own no token.
    `insert into servicetokens.account (user_id, name, kind, internal, role, email, created)
     values ('system@internal', 'System', 'Service', true, 'Member', 'system@internal', date_trunc('second', now()))`,
  ],
];
