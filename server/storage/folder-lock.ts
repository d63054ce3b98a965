// One process a data folder. Decides who holds it; must not know what is kept there.
// The lock is the kernel's (a file lock taken through SQLite, which Node brings
// along), not a file with a process id in it: it falls with its holder, whatever
// killed it, and holds between containers that share the folder but no process ids.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartError } from "../start-error.ts";

const busy = 5;

export interface FolderLock {
  release(): void;
}

export function lockFolder(folder: string): FolderLock {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, "lock"), { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock?.close();
    if ((cause as { errcode?: number }).errcode === busy) {
      throw new StartError("data-in-use", `The data folder ${folder} is in use by another token service: stop that one first, or give this one another folder with --data.`, cause);
    }
    throw new StartError("data-unusable", `The data folder ${folder} cannot be locked: check that it is writable and on a file system with file locks.`, cause);
  }
  const held = lock;
  return { release: () => held.close() };
}
