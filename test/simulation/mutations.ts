// Faults to be put into the engine and its executor, one at a time: the simulation has to notice each of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Found exactly once in the file. */
  readonly from: string;
  readonly to: string;
}

const change = (file: string) => (name: string, from: string, to: string): Mutation => ({ name, file, from, to });

const plan = change("core/plan.ts");
const situation = change("core/situation.ts");
const recording = change("core/recording.ts");
const dates = change("core/dates.ts");
const truth = change("core/truth.ts");
const clean = change("core/checks/clean.ts");
const deletion = change("core/checks/deletion.ts");
const hand = change("core/checks/hand.ts");
const lost = change("core/checks/lost.ts");
const need = change("core/checks/need.ts");
const order = change("core/checks/order.ts");
const retire = change("core/checks/retire.ts");
const world = change("core/checks/world.ts");
const converge = change("tokenapi/converge.ts");
const execute = change("tokenapi/execute.ts");
const snapshot = change("tokenapi/snapshot.ts");
const clockOffset = change("tokenapi/clock-offset.ts");
const owners = change("core/second-owner.ts");
const suspicion = change("tokenapi/suspicion.ts");
const state = change("provider/state-target.ts");
const moved = change("core/moving.ts");
const moving = change("core/checks/moving.ts");
const home = change("core/home.ts");
const record = change("core/record.ts");

/** A check left out of its list; `line` begins the line that names it. */
const dropped = (name: string, line: string): Mutation => plan(`check dropped: ${name}`, `\n  ${line}`, `\n  //`);

const CHECKS: readonly Mutation[] = [
  dropped("copy-known", "world.copyKnown,"),
  dropped("value-unread", "need.valueUnread,"),
  dropped("issuer-known", "world.issuerKnown,"),
  dropped("issuer-same (life)", "world.issuerSame, // another API's list"),
  dropped("copy-ours", "world.copyOurs,"),
  dropped("tokens-suspect", "world.tokensSuspect,"),
  dropped("tokens-known", "world.tokensKnown,"),
  dropped("answers-settled (life)", "world.answersSettled, // a lost answer"),
  dropped("hand-superseded", "hand.handSuperseded,"),
  dropped("compromised", "order.compromised,"),
  dropped("hand-gone", "hand.handGone,"),
  dropped("hand-verify", "hand.handVerify,"),
  dropped("hand-deliver", "hand.handDeliver,"),
  dropped("list-behind", "world.listBehind,"),
  dropped("revocation-underway", "order.revocationUnderway,"),
  dropped("state-revoked", "order.stateRevoked,"),
  dropped("state-restored", "order.stateRestored,"),
  dropped("rollback", "order.rollback,"),
  dropped("restored-elsewhere", "order.restoredElsewhere,"),
  dropped("current-missing", "need.currentMissing,"),
  dropped("older-ended", "order.olderEnded,"),
  dropped("lost-token", "lost.lostToken,"),
  dropped("restore-elsewhere", "need.restoreElsewhere,"),
  dropped("issue-urgently", "need.issueUrgently,"),
  dropped("copy-looks", "clean.copyLooks,"),
  dropped("retire-crowded", "retireCrowded,"),
  dropped("retire-due", "retireDue,"),
  dropped("ended-due", "clean.endedDue,"),
  dropped("lost-remains", "lost.lostRemains,"),
  dropped("issue-blocked", "need.issueBlocked,"),
  dropped("issue-in-turn", "need.issueInTurn,"),
  dropped("issue-outside-window", "need.issueOutsideWindow,"),
  dropped("window-invalid", "need.windowInvalid,"),
  dropped("external-reported", "need.externalReported,"),
  dropped("deletion-orphan", "deletion.orphaned,"),
  dropped("deletion-abandon", "deletion.abandoned,"),
  dropped("deletion-blocked", "deletion.blocked,"),
  dropped("issuer-same (end)", "world.issuerSame, // another API's tokens"),
  dropped("answers-settled (end)", "world.answersSettled, // a POST"),
  dropped("deletion-recorded", "deletion.foreignNames,"),
  dropped("deletion-copy", "deletion.copyRemoved,"),
  dropped("deletion-hand", "deletion.handDropped,"),
  dropped("deletion-tokens", "deletion.tokensEnded,"),
];

const ORDER: readonly Mutation[] = [
  plan("order: delivered before it is verified", "\n  hand.handVerify,", "\n  hand.handDeliver, hand.handVerify,"),
  plan("order: a rotation before the tidying up", "\n  retireCrowded,", "\n  need.issueInTurn, retireCrowded,"),
  plan("order: issued before absence is proved", "\n  need.currentMissing,", "\n  need.issueUrgently, need.currentMissing,"),
  plan("order: issued before lost tokens are cleared", "\n  lost.lostToken,", "\n  need.issueUrgently, lost.lostToken,"),
  plan("order: a rollback taken for somebody's restore", "\n  order.rollback,", "\n  order.restoredElsewhere, order.rollback,"),
  plan("order: tokens ended before the copy is removed", "\n  deletion.copyRemoved,", "\n  deletion.tokensEnded, deletion.copyRemoved,"),
  plan("order: let go before the tokens are ended", "\n  deletion.copyRemoved,", "\n  deletion.copyRemoved, deletion.released,"),
  plan("order: the copy judged before it is known whose it is", "\n  world.copyOurs,", "\n  need.issueUrgently, world.copyOurs,"),
  plan("a refused write is tried again and again", "writes(hit) ? (need.unwritable(s) ?? hit) : hit", "hit"),
];

const DATES: readonly Mutation[] = [
  dates("the overlap is skipped", "const least = delivered + minOverlap(s);", "const least = delivered;"),
  dates("the overlap is too short by 5 s", "const least = delivered + minOverlap(s);", "const least = delivered + minOverlap(s) - 5_000;"),
  dates("the overlap counts from the old one's creation", "const least = delivered + minOverlap(s);\n  const floor", "const least = old.entry.created + minOverlap(s);\n  const floor"),
  dates("the longest overlap is skipped", "Math.max(begun(old, delivered) + retire.maxOverlap, delivered + minOverlap(s))", "delivered + minOverlap(s)"),
  dates("the longest overlap is too short by 5 s", "begun(old, delivered) + retire.maxOverlap", "begun(old, delivered) + retire.maxOverlap - 5_000"),
  dates("retired however shortly it has stood still", "return Math.max(desired.retire.idleFor, issuer?.resyncInterval ?? 0, former?.issuer?.resyncInterval ?? 0);", "return 0;"),
  dates("stood still 5 s too short", "return Math.max(desired.retire.idleFor, issuer?.resyncInterval ?? 0, former?.issuer?.resyncInterval ?? 0);", "return Math.max(desired.retire.idleFor, issuer?.resyncInterval ?? 0) - 5_000;"),
  dates("the old one's last use does not count", "Math.max(old.remote?.lastUsed ?? 0, begun(old, delivered))", "begun(old, delivered)"),
  dates("our own verification counts as use", "if (used === null || used <= current.entry.usedAfter) return latest;", "if (used === null) return latest;"),
  dates("retired though nobody uses the new one", "if (used === null || used <= current.entry.usedAfter) return latest;", ""),
  dates("keepRevokedFor is skipped", "entry.revoked.at + desired.keepRevokedFor", "entry.revoked.at"),
  dates("deleted 5 s too early", "entry.revoked.at + desired.keepRevokedFor", "entry.revoked.at + desired.keepRevokedFor - 5_000"),
  dates("renewBefore turned round", "entry.expires === null ? null : entry.expires - desired.renewBefore,", "entry.expires === null ? null : entry.expires + desired.renewBefore,"),
  dates("renewed at half of rotation.every", "entry.created + desired.every", "entry.created + desired.every / 2"),
  dates("rotation.every is forgotten", "desired.every === null ? null : entry.created + desired.every", "null"),
  dates("no last call before expiry", "if (entry.expires === null) return null;", "return null;"),
  dates("Pulumi waits as if it came back by itself", "s.copy?.exclusive ? half : Math.min(HOUR, half)", "Math.min(HOUR, half)"),
  dates("our clock's date for the API's", "return date - (s.apiNow - s.now);", "return date + (s.apiNow - s.now);"),
  retire("the comparison of the retirement date turned round", "if (date.at > s.apiNow) return", "if (date.at < s.apiNow) return"),
  clean("the comparison of the deletion date turned round", "due <= s.apiNow", "due >= s.apiNow"),
  need("the comparison of dates turned round", "date !== null && date <= now;", "date !== null && date >= now;"),
];

const SEEING: readonly Mutation[] = [
  situation("one list without it proves its absence", 'twice ? "gone" : "missing"', '"gone"'),
  situation("a list older than the copy proves absence", "earlier.sentAt > knownAt(copy) &&", ""),
  situation("absence is never proved", 'twice ? "gone" : "missing"', '"missing"'),
  situation("unknown is taken for gone", 'return { remote: null, seen: "unknown" };', 'return { remote: null, seen: "gone" };'),
  situation("a recorded token is taken for a lost one", "if (record?.revisions.some((entry) => isSame(remote, entry))) return [];", ""),
  situation("the mark of another resource is taken for ours", "if (!parsed || parsed.mark !== desired.mark) return [];", "if (!parsed) return [];"),
  situation("an earlier life's tokens are ours", "const own = isOfThisLife(stray.remote, desired);", "const own = true;"),
  situation("an expired token is seen as active", 'remote.expires !== null && remote.expires <= apiNow ? "expired" : "active"', '"active"'),
  situation("used is taken for unused", "lastUsed === null || lastUsed <= created + OWN_USE", "true"),
  situation("our own verification makes a lost token somebody's", "lastUsed <= created + OWN_USE", "false"),
  situation("an old one that somebody restored retires", "else if (entry.kept || entry.number === desired.rollback) kept.push(revision);", ""),
  situation("another resource's record is believed", 'copy.record?.mark === desired.mark ? copy.record : null', "copy.record ? copy.record : null"),
  situation("a token is known by its id alone", "remote.id === entry.id && remote.name === entry.name && Math.abs(remote.created - entry.created) < 1_000", "remote.id === entry.id"),
  snapshot("a list older than our write is believed", "if (write.at < sentAt) this.#writes.delete(id);", "if (true) this.#writes.delete(id);"),
  snapshot("our own write is held against every later list", "if (write.at < sentAt) this.#writes.delete(id);", "if (false) this.#writes.delete(id);"),
  snapshot("an older list answers a request for a newer one", "this.#list === null || this.#list.sentAt <= after", "this.#list === null"),
  snapshot("a list that failed is taken for an empty one", "if (!list) return this.#failure;", "if (!list) return present({ sentAt: 1e9, doneAt: 1, at: 0, tokens: [], earlier: { sentAt: 1e8, ids: [] }, deleted: [] });"),
  converge("the record read again counts as younger", "doneAt: Math.min(seen.at, at)", "doneAt: at"),
  converge("a copy that was removed is known since its record was", "seen.place === copy.place && ", ""),
  converge("a lost answer is forgotten", "list.sentAt > uncertain) memory.uncertain.delete", "true) memory.uncertain.delete"),
  clockOffset("a jump of our clock moves the dates", "return Math.abs(jump) < GRAIN ? offset : offset - jump;", "return offset;"),
  world("an answer older than the lost one settles it", "tokens.sentAt <= uncertainAt)", "tokens.sentAt <= uncertainAt - 20_000)"),
  suspicion("a list that lacks most tokens is believed", "if (!this.#isMuch()) return null;", "if (true) return null;"),
  situation("Pulumi takes another stack's tokens for its own", "(own && (!copy.exclusive || (stray.unused && stray.age < DAY)))", "own"),
  situation("a rotation waits for what never retires", "!s.current || old.entry.number < s.current.entry.number", "true"),
  state("Pulumi retires what the state still holds", "if (current === this.#saved) return false;", "if (true) return false;"),
  retire("no fresh list before retirement by use", "if (date.byUse && listedAt < date.at) {", "if (false) {"),
  retire("retired while the clocks differ", "if (date.at > s.apiNow) return", "if (date.at > s.now) return"),
];

const WRITING: readonly Mutation[] = [
  lost("the fence is left out", "?? fence(s, lost) ?? clear(s, lost) ?? takeIn(s, lost);", "?? clear(s, lost) ?? takeIn(s, lost);"),
  lost("lost, though the copy was read before the list", "return unread(s, lost) ?? doubted", "return doubted"),
  lost("move: what was revoked before its delivery bars the way", "if (barred) return barred;", ""),
  lost("an old list shows that nobody has used it", "if (isOld) return act", "if (false) return act"),
  lost("without election nobody else is given time", "if (s.observed.alone) return null;", "if (true) return null;"),
  owners("a second owner is fought", "if (!record || last === null) return [];", "if (true) return [];"),
  owners("a second owner is forgotten", "s.others.length > 0 || isUsed", "isUsed"),
  owners("what is newer than the current one is a second owner's at once", "newer.some(({ unused }) => !unused)", "true"),
  owners("two owners chase each other", " || record.fence - last >= GIVEN_UP", ""),
  owners("two owners chase each other where ours is revoked", "s.lost.filter(({ number, remote }) => number > last &&", 's.lost.filter(({ number, remote }) => number > last && current?.seen === "active" &&'),
  owners("two owners chase each other where nothing is delivered", "return known.length === 0 ? null : Math.max(...known.map(({ number }) => number));", "return null;"),
  owners("what this process gave up is a second owner's", " && !(dropped && isSame(remote, dropped))", ""),
  owners("what nobody has used stays where nobody looks again", "newer.filter((stray) => !isLeft(s, stray))", "newer"),
  owners("a twin of the delivered number is ours", "return [...twins, ", "return ["),
  hand("the fence is not minded", "Math.max(record.fence, record.current ?? 0)", "(record.current ?? 0)"),
  hand("verification is given up after no failure", "hand.failures >= VERIFY_ATTEMPTS", "hand.failures >= 0"),
  hand("verification is never given up", "hand.failures >= VERIFY_ATTEMPTS", "false"),
  recording("a delivery forgets its predecessor", "const old = s.current ? predecessor(s, s.current) : null;", "const old = null;"),
  recording("a delivery forgets the others", "const others = base.revisions.filter(", "const others = [].filter("),
  recording("a revocation is never marked as seen through", "{ ...entry.revoked, at, done: true }", "{ ...entry.revoked, at, done: false }"),
  recording("the observation time starts with the request", "{ ...entry.revoked, at, done: true }", "{ ...entry.revoked, done: true }"),
  recording("somebody's restore is not remembered", "(kept ? { ...entry, kept: true } : entry)", "entry"),
  recording("the record names another API", 's.issuer?.url ?? ""', '""'),
  retire("revoked before it is recorded", "return act({ do: \"Record\", record: revoking(s.record, old.entry.number, \"retired\", s.apiNow) }", "return act({ do: \"Revoke\", token: old.remote! }"),
  retire("the current one retires", "revoking(s.record, old.entry.number, \"retired\"", "revoking(s.record, s.current.entry.number, \"retired\""),
  order("deleted without being revoked", "return act(finish(stray.remote, stray),", "return act({ do: \"Delete\", token: stray.remote },"),
  order("compromised is restored", "if (entry.revoked?.why !== \"state\") return null;", "if (!entry.revoked) return null;"),
  order("the last good one is revoked when its successor is gone", 'const gaveWay = noted.why === "retired" || noted.why === "early" || noted.why === "state";', "const gaveWay = false;"),
  order("an expired one is restored for a rollback", "if (old.remote.expires !== null && old.remote.expires <= s.apiNow) return null;", ""),
  order("Pulumi sends what the state does not stand for yet", " && !s.copy?.unsaved", ""),
  recording("what somebody holds gives way anew to each that follows", "wasGood ? (entry.retiringSince ?? s.apiNow) : s.apiNow", "s.apiNow"),
  recording("a twin at the other issuer takes the place of what is recorded", "isTaken(stray) ? { ...stray, number: free++ } : stray", "stray"),
  converge("what is urgent waits for an issuer that nothing tells the user at", "const entry = telling(record);", "const entry = record?.revisions.find(({ number, former }) => number === record.current && !former);"),
  need("the mark is left out of the name", "name: tokenName(desired.base, desired.mark, s.next)", "name: desired.base + \"-r\" + s.next"),
  need("issued under the number that is delivered", "number: s.next, name: tokenName(desired.base, desired.mark, s.next)", "number: s.next - 1, name: tokenName(desired.base, desired.mark, s.next - 1)"),
  need("issued before the declaring object is held", 'if (!s.observed.held) return act({ do: "Hold" }, why.reason, why.message);', ""),
  need("tokens are burnt on a place that cannot be written", 'if (s.copy?.writable === null) return act({ do: "Probe" }', 'if (false) return act({ do: "Probe" }'),
  need("paused, and a rotation begins", 'if (desired.paused) return wait("Paused", "Paused by annotation: nothing is begun.");', ""),
  need("a rotation does not wait for the retiring one", "if (!old || !s.current) return issue(s, why);", "return issue(s, why);"),
  need("a changed owner is not noticed", "observed.owner.value.id !== inputs.owner", "false"),
  need("a revocation elsewhere is not noticed", "if (current.seen === \"revoked\" && revoked?.why !== \"state\")", "if (false)"),
  need("a deletion elsewhere is not noticed", "if (current.seen === \"gone\")", "if (false)"),
  need("another value in the copy is not noticed", "if (s.copy?.value === \"changed\")", "if (false)"),
  need("expiry is not noticed", "if (current.seen === \"expired\" || isPast(current.entry.expires, s.apiNow))", "if (false)"),
  deletion("the tokens stay active when the resource goes", "if (!dead) return act({ do: \"Revoke\", token,", "if (false) return act({ do: \"Revoke\", token,"),
  deletion("let go without a last look", "if (s.tokens && s.tokens.sentAt <= seenAt)", "if (false)"),
  deletion("a second owner is forgotten at the end", "ownCopy(s) ? [...new Set", "s.former ? [...new Set"),
  deletion("a second owner's is ended with ours", "&& !left.includes(stray)", ""),
  deletion("what Pulumi's state does not know outlives it", "s.copy?.exclusive === true || ", ""),
  situation("a jump of our clock dates a move", "(issuer ?? beside[0])", "issuer"),
  deletion("Orphan is not minded", 's.desired.deletionPolicy !== "Orphan" || ', "true || "),
  execute("our own POST is not put into the list", "snapshot(scene).put(token);", ""),
  execute("a lost answer to a POST is not remembered", 'if (isKind(error, "uncertain", "conflict")) doubt(scene, issuer);\n    if (!isKind(error, "conflict")) throw error;\n    memory.taken', 'if (!isKind(error, "conflict")) throw error;\n    memory.taken'),
  execute("a taken number is not remembered", "memory.taken = Math.max(memory.taken, action.number);", ""),
  execute("the value is forgotten before it is delivered", "if ((await write(scene, { record: action.record, value: memory.value }))", "const { value } = memory; memory.hand = null; if ((await write(scene, { record: action.record, value }))"),
  execute("a delivery is dated when it set out", "if (elapsed <= SLOW_DELIVERY) return;", "return;"),
  execute("a trial is made however late", "clock.monotonic() - begun <= action.within", "true"),
  execute("a token that others cleared fails verification as if it were the first", "failures > 0 && refused === null ?", "failures < 0 ?"),
  execute("what is read after a conflict is not looked at", "await scene.target.read();\n    const { issuer }", "const { issuer }"),
  execute("a process that lost the lead goes on writing", 'if (action.do !== "Look" && action.do !== "Drop") scene.guard?.();', ""),
  truth("Ready though it is broken", "if (broken) return no(", "if (false) return no("),
  truth("Ready though the value was not compared", 'if (s.copy?.value === "unread") {', "if (false) {"),
  truth("Ready though nothing is delivered", "if (!current) return no(hit.reason, hit.message);", 'if (!current) return { status: "True", reason: "Ready", message: "" };'),
];

const MOVES: readonly Mutation[] = [
  dropped("issuer-next", "moving.issuerNext,"),
  dropped("issuer-accepted (life)", "moving.issuerAccepted, // a person's word about"),
  plan("check dropped: issuer-accepted (end)", "\n  moving.issuerAccepted,\n", "\n"),
  plan("check dropped: former-given-up (life)", "\n  moving.formerGivenUp, // a person's word\n", "\n"),
  dropped("former-given-up (end)", "moving.formerGivenUp, // a person's word, before"),
  dropped("hand-elsewhere", "hand.handElsewhere,"),
  dropped("former-through", "moving.formerThrough,"),
  dropped("former-unreachable", "moving.formerUnreachable,"),
  moved("move: what was issued before is taken for the new issuer's", "former: leaving(record, since), revisions: record.revisions.map(away)", "former: leaving(record, since), revisions: record.revisions"),
  moved("move: back again, and nothing is turned round", "entry.former ? home(entry) : away(entry)", "entry"),
  moving("move: it does not take its turn", "return isReached(s) ? null : leaving(s, to);", "return leaving(s, to);"),
  moving("move: nobody has to consent", "strange || forged || !accepts(desired, record.issuer, issuer)", "strange || forged"),
  moving("move: a former issuer is forgotten at once", "at === null || at > s.apiNow", "at === null"),
  moving("move: a former issuer is forgotten with what it still has", "if (s.record?.revisions.some((entry) => entry.former)) return true;", ""),
  moving("move: a former issuer is left without consent", "former.tokens || forged || !accepts(desired, record.former, record.issuer)", "former.tokens || forged"),
  situation("move: the new issuer's list is taken for the former one's", "entry.former ? (former?.tokens ?? null) : tokens", "tokens"),
  execute("move: the former issuer's tokens are asked for at the new one", "(former ? places.former : places.home)", "places.home"),
  home("move: another issuer is taken for the former one", "recorded && issuerId(issuer) !== issuerId(recorded)", "false"),
  deletion("move: a deletion leaves what is at the former issuer", "former === true || s.ahead !== null", "s.ahead !== null"),
  deletion("move: a deletion leaves what is at the issuer of before", "former === true || s.ahead !== null", "former === true"),
  deletion("move: a deletion does not wait for the former issuer", "const there = unreached(s);", "const there = null;"),
  need("move: the spec's issuer is not minded", "if (s.ahead || entry.former) return need(", "if (false) return need("),
  moving("move: a third issuer does not wait", "if (!isBare(s) || !tokens || !copy) return wait(", "if (false) return wait("),
  moving("move: a third issuer waits for ever", "return s.tokens !== null && s.observed.hand === null", "return false"),
  moving("move: a third issuer does not wait for a late request", "if (!isLeaving(s)) return wait(", "if (false) return wait("),
  moving("move: a third issuer does not mind when the second was last asked", "if (!record.former.onward) return act(", "if (false) return act("),
  moving("move: the second issuer is asked again, and nobody writes it down", "if (!record?.former?.onward) return null;", "return null;"),
  moving("move: back to an issuer that does not answer", "record.former.ref === desired.issuerRef && ahead.tokens", "record.former.ref === desired.issuerRef"),
  record("move: which revisions are the former issuer's is not written", "...(entry.former ? { former: true } : {}),\n    })),", "})),"),
];

export const MUTATIONS: readonly Mutation[] = [...CHECKS, ...ORDER, ...DATES, ...SEEING, ...WRITING, ...MOVES];

/** What makes no difference here, and why. */
export const UNSEEN: readonly { readonly name: string; readonly why: string }[] = [
  {
    name: "the token in hand is taken for a lost one (`core/situation.ts`)",
    why: "with a value in hand no check after `hand-deliver` is asked. Before it only `compromised` looks at strays, and there the token in hand is rightly revoked at once.",
  },
  {
    name: "two looks within a moment count as two (`SECOND_LOOK` in `core/situation.ts`)",
    why: "a list in this world is true at the moment it is asked for, or leaves out most of everything, which has a check of its own. The two seconds are for an API whose lists lag behind for a moment.",
  },
  {
    name: "a fence goes down again (`fenced` in `core/recording.ts`)",
    why: "whoever asks for a fence has first asked whether the number is above the one that stands.",
  },
  {
    name: "a former issuer is forgotten with what was lost there (`core/checks/moving.ts`)",
    why: "`lost-token` comes before `former-through` and clears it; the second look at it is for whoever changes that order.",
  },
  {
    name: "one token that is refused twice settles it (`tokenapi/suspicion.ts`)",
    why: "a resource that has tried its value is not asked again before there is a new list, which forgets what was refused. That its marks are counted, and not its refusals, is for whoever changes that; a test of its own tries it.",
  },
  {
    name: "a list that was shown to lie is tried again by the next resource (`tokenapi/suspicion.ts`)",
    why: "a trial more changes nothing at the API: it is a use of our own, and recorded as one.",
  },
];

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The file with the fault in it. A text that has moved on is said, and not passed over. */
export function applied({ name, file, from, to }: Mutation): string {
  const source = readFileSync(join(ROOT, file), "utf8");
  const found = source.split(from).length - 1;
  if (found !== 1) throw new Error(`${name}: the text to replace is found ${found} times in ${file}: ${from}`);
  const broken = source.replace(from, () => to);
  if (broken === source) throw new Error(`${name}: nothing is changed in ${file}`);
  return broken;
}
