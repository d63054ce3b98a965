// How often each check, action, reason and fault was met: what is never met proves nothing.

export class Coverage {
  readonly #counts = new Map<string, number>();

  meet(kind: string, name: string): void {
    const key = `${kind} ${name}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  count(kind: string, name: string): number {
    return this.#counts.get(`${kind} ${name}`) ?? 0;
  }

  lines(): string[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, count]) => `${String(count).padStart(9)}  ${key}`);
  }
}
