// A record read from its text, and read once: the same text stands in thousands of looks of one history.
// A record is never changed, so that all of them may share it.
import { decodeRecord, type Record } from "../../core/record.ts";

const MOST = 500;
const known = new Map<string, Record | null>();

export function readRecord(text: string | null | undefined): Record | null {
  if (text === null || text === undefined) return null;
  let record = known.get(text);
  if (record !== undefined) return record;
  if (known.size >= MOST) known.clear();
  record = decodeRecord(text);
  known.set(text, record);
  return record;
}
