// Read-your-writes and never back in time, against every interleaving of our writes
// with the watch that reports them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Store, compareVersions } from "../../../controller/runtime/index.ts";
import type { ChangeSource, Stored } from "../../../controller/runtime/index.ts";

interface Item extends Stored {
  owner: string;
}

const item = (key: string, version: number, owner = "x", uid = `uid-${key}`): Item => ({ key, uid, resourceVersion: String(version), owner });

/** The handlers' calls as short lines: `+` added, `~` updated, `-` deleted. */
function recorded(store: Store<Item>): string[] {
  const calls: string[] = [];
  store.subscribe({
    onAdd: (record, source: ChangeSource) => calls.push(`+${record.key}@${record.resourceVersion} ${source}`),
    onUpdate: (previous, record, source) => calls.push(`~${record.key}@${previous.resourceVersion}>${record.resourceVersion} ${source}`),
    onDelete: (record, source) => calls.push(`-${record.key}@${record.resourceVersion} ${source}`),
  });
  return calls;
}

const listed = (...items: Item[]): Map<string, Item> => new Map(items.map((one) => [one.key, one]));

describe("versions", () => {
  test.each([
    ["9", "10", -1],
    ["10", "9", 1],
    ["10", "10", 0],
    ["123456789012345678901", "123456789012345678902", -1],
  ])("%s to %s", (a, b, sign) => expect(Math.sign(compareVersions(a, b) ?? Number.NaN)).toBe(sign));

  test("what is not a decimal number cannot be compared", () => expect(compareVersions("a1", "2")).toBeUndefined());
});

describe("a list that is put in place in steps", () => {
  const many = (version: number): Map<string, Item> => listed(...Array.from({ length: 600 }, (_, index) => item(`k${index}`, version + index)));
  const last = "k599";

  test("keeps what we write meanwhile, and shows of each object what it was or what the list says", () => {
    const store = new Store<Item>();
    store.replace(many(1_000), "2000");
    const steps = store.replacing(many(3_000), "4000");
    steps.next();
    expect([store.get("k0")?.resourceVersion, store.get(last)?.resourceVersion, store.version]).toEqual(["1000", "1599", "2000"]);
    // Answered before the list was taken, and heard of only now; and after it.
    expect(store.observeWrite(item("k598", 2_500))).toBe(true);
    expect(store.observeWrite(item(last, 4_001))).toBe(true);
    for (const _ of steps) expect(store.get(last)?.resourceVersion).toBe("4001");
    expect([store.get("k0")?.resourceVersion, store.get("k598")?.resourceVersion, store.get(last)?.resourceVersion, store.version]).toEqual(["3000", "3598", "4001", "4000"]);
    store.put(item(last, 4_001));
    store.advance("4002");
    expect(store.get(last)?.resourceVersion).toBe("4001");
  });

  test("does not bring back what was deleted between our write and the list", () => {
    const store = new Store<Item>();
    store.replace(many(1_000), "2000");
    const without = many(3_000);
    without.delete("k0");
    const steps = store.replacing(without, "4000");
    for (let step = 0; step < 4; step++) steps.next();
    expect(store.get("k0")).toBeUndefined();
    store.observeWrite(item("k0", 2_500));
    while (steps.next().done !== true);
    expect([store.get("k0"), store.size]).toEqual([undefined, 599]);
  });
});

describe("own writes", () => {
  test("are there at once, their echo is silent, older events do not undo them", () => {
    const store = new Store<Item>();
    store.replace(listed(item("a", 5)), "5");
    const calls = recorded(store);
    expect(store.observeWrite(item("a", 10))).toBe(true);
    store.put(item("a", 8));
    expect(store.get("a")?.resourceVersion).toBe("10");
    store.put(item("a", 10));
    store.put(item("a", 12));
    expect(calls).toEqual(["+a@5 list", "~a@5>10 write", "~a@10>12 watch"]);
  });

  test("that the watch has already passed are not put back: it may have deleted them since", () => {
    const store = new Store<Item>();
    store.replace(new Map(), "5");
    store.put(item("a", 6));
    store.remove("a", "9");
    expect(store.observeWrite(item("a", 6))).toBe(false);
    expect(store.get("a")).toBeUndefined();
  });

  test("an older deletion is that of the object which the write replaced", () => {
    const store = new Store<Item>();
    store.replace(listed(item("a", 5)), "5");
    store.observeWrite(item("a", 10, "x", "uid-new"));
    store.remove("a", "8");
    expect(store.get("a")?.uid).toBe("uid-new");
    store.remove("a", "11");
    expect(store.size).toBe(0);
  });

  test("survive a list from before them, and not one from after them", () => {
    const store = new Store<Item>();
    store.replace(new Map(), "5");
    store.observeWrite(item("a", 10));
    store.replace(new Map(), "8");
    expect(store.get("a")).toBeDefined();
    store.replace(new Map(), "11");
    expect(store.get("a")).toBeUndefined();
  });

  test("that the watch passes without showing are taken out again", () => {
    const store = new Store<Item>();
    store.replace(new Map(), "5");
    const calls = recorded(store);
    store.observeWrite(item("a", 10));
    store.advance("9");
    expect(store.get("a")).toBeDefined();
    store.advance("10");
    expect(store.get("a")).toBeUndefined();
    expect(calls).toEqual(["+a@10 write", "-a@10 watch"]);
  });

  test("do not outlive a restore of the server", () => {
    const store = new Store<Item>();
    store.replace(listed(item("a", 50)), "50");
    store.observeWrite(item("b", 60));
    store.replace(listed(item("a", 20)), "30");
    expect([...store.values()].map((one) => `${one.key}@${one.resourceVersion}`)).toEqual(["a@20"]);
  });

  test("a version that a restored server gave out a second time is another content", () => {
    const store = new Store<Item>();
    store.replace(listed(item("a", 50, "before")), "60");
    const calls = recorded(store);
    store.replace(listed(item("a", 50, "after")), "55");
    expect(store.get("a")?.owner).toBe("after");
    expect(calls.slice(1)).toEqual(["~a@50>50 list"]);
  });
});

describe("handlers and indexes", () => {
  test("another uid under the same name is a deletion and an add", () => {
    const store = new Store<Item>();
    store.replace(listed(item("a", 5)), "5");
    const calls = recorded(store);
    store.put(item("a", 7, "x", "uid-other"));
    expect(calls.slice(1)).toEqual(["-a@5 watch", "+a@7 watch"]);
  });

  test("one that throws stops neither the store nor the others", () => {
    const store = new Store<Item>();
    store.subscribe({
      onAdd() {
        throw new Error("a bug");
      },
    });
    const calls = recorded(store);
    store.put(item("a", 5));
    expect(calls).toEqual(["+a@5 watch"]);
    expect(store.size).toBe(1);
  });

  test("an index follows every change", () => {
    const store = new Store<Item>({ byOwner: (one) => (one.owner === "" ? undefined : one.owner.split(",")) });
    const keys = (owner: string): string[] => store.byIndex("byOwner", owner).map((one) => one.key);
    store.replace(listed(item("a", 5, "x"), item("b", 5, "x,y")), "5");
    expect([keys("x"), keys("y")]).toEqual([["a", "b"], ["b"]]);
    store.put(item("b", 6, "y,z"));
    expect([keys("x"), keys("y"), keys("z")]).toEqual([["a"], ["b"], ["b"]]);
    store.remove("b", "7");
    store.put(item("a", 8, ""));
    expect([keys("x"), keys("y"), keys("z")]).toEqual([[], [], []]);
    expect(() => store.byIndex("byNobody", "x")).toThrow("no index");
  });
});

const contents = (store: Store<Item>): Map<string, Item> => new Map([...store.values()].map((record) => [record.key, record]));

const step = fc.record({
  do: fc.constantFrom("ours", "theirs", "delete", "answer", "deliver", "bookmark", "relist"),
  key: fc.constantFrom("a", "b", "c"),
});

/** The server's log of one collection, our unanswered writes, and how far the watch has delivered. */
class World {
  readonly store = new Store<Item>();
  readonly log: { version: number; key: string; item: Item | undefined }[] = [];
  readonly live = new Map<string, Item>();
  readonly answers: Item[] = [];
  /** The newest of our writes that was answered, by key: the store must never be older. */
  readonly known = new Map<string, number>();
  version = 100;
  delivered = 0;

  write(key: string): Item {
    this.version += 1;
    const written = item(key, this.version, "x", this.live.get(key)?.uid ?? `uid-${this.version}`);
    this.live.set(key, written);
    this.log.push({ version: this.version, key, item: written });
    return written;
  }

  remove(key: string): void {
    if (!this.live.delete(key)) return;
    this.version += 1;
    this.log.push({ version: this.version, key, item: undefined });
  }

  deliver(): void {
    const event = this.log[this.delivered];
    if (event === undefined) return;
    this.delivered += 1;
    if (event.item !== undefined) this.store.put(event.item);
    else this.store.remove(event.key, String(event.version));
  }

  relist(): void {
    this.store.replace(new Map(this.live), String(this.version));
    this.delivered = this.log.length;
  }
}

test("property: the store never shows less than we have read or written, and ends equal to the server", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = new World();
      world.relist();
      const mirror = new Map<string, Item>();
      world.store.subscribe({
        onAdd: (record) => {
          expect(mirror.has(record.key)).toBe(false);
          mirror.set(record.key, record);
        },
        onUpdate: (previous, record) => {
          expect(mirror.get(record.key)).toBe(previous);
          mirror.set(record.key, record);
        },
        onDelete: (record) => {
          expect(mirror.get(record.key)).toBe(record);
          mirror.delete(record.key);
        },
      });
      const seen = new Map<string, number>();
      const actions: Record<(typeof steps)[number]["do"], (key: string) => void> = {
        ours: (key) => void world.answers.push(world.write(key)),
        theirs: (key) => void world.write(key),
        delete: (key) => world.remove(key),
        // Answers may come late and in any order, here the newest first.
        answer() {
          const answer = world.answers.pop();
          if (answer !== undefined) world.store.observeWrite(answer);
        },
        deliver: () => world.deliver(),
        bookmark() {
          const last = world.log[world.delivered - 1];
          if (last !== undefined) world.store.advance(String(last.version));
        },
        relist: () => world.relist(),
      };
      for (const one of steps) {
        actions[one.do](one.key);
        for (const record of world.store.values()) {
          const version = Number(record.resourceVersion);
          expect(version).toBeGreaterThanOrEqual(seen.get(record.key) ?? 0);
          seen.set(record.key, version);
        }
        expect(mirror).toEqual(contents(world.store));
      }
      while (world.delivered < world.log.length) world.deliver();
      for (const answer of world.answers) world.store.observeWrite(answer);
      expect(contents(world.store)).toEqual(world.live);
    }),
    { numRuns: 1000 },
  );
});
