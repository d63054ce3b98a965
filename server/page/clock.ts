// What time it is, by the service's clock: a browser whose clock is wrong must not call a
// valid token expired.

let aheadMs = 0;

export function setClock(serviceNow: string): void {
  aheadMs = Date.parse(serviceNow) - Date.now();
}

export const clockNow = (): number => Date.now() + aheadMs;
