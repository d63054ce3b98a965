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
  [
    `alter table servicetokens.token add column signing_key text`,
    `update servicetokens.token set signing_key = (select value from servicetokens.setting where name = 'signing_key_fingerprint')`,
    // Who did what. Foreign keys would keep users and tokens from going, or the log from staying.
    `create table servicetokens.audit (
       number integer primary key,
       at timestamptz not null,
       action text not null,
       actor_id integer,
       actor text not null,
       actor_token_id integer,
       token_id integer,
       token_name text,
       user_id integer,
       user_name text,
       address text,
       request_id text,
       detail text,
       hash bytea not null
     )`,
    `create index audit_token on servicetokens.audit (token_id) where token_id is not null`,
    `create index audit_user on servicetokens.audit (user_id) where user_id is not null`,
    `create table servicetokens.audit_head (number integer not null, hash bytea not null)`,
    `create unique index audit_head_single on servicetokens.audit_head ((true))`,
    `insert into servicetokens.audit_head (number, hash) values (0, decode(repeat('00', 32), 'hex'))`,
    `create function servicetokens.refuse_audit_change() returns trigger language plpgsql as
       $$ begin raise exception 'the audit log is append-only'; end $$`,
    `create trigger audit_append_only before update or delete or truncate on servicetokens.audit
       for each statement execute function servicetokens.refuse_audit_change()`,
  ],
  [
    // A session ends with the token that it was opened with. Only a hash of its value is kept.
    `create table servicetokens.session (
       hash bytea primary key,
       account_id integer not null references servicetokens.account (id),
       token_id integer references servicetokens.token (id) on delete cascade,
       created timestamptz not null,
       expires timestamptz not null
     )`,
    `create index session_token on servicetokens.session (token_id)`,
    `create index session_expires on servicetokens.session (expires)`,
  ],
];
