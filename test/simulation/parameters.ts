// NAME=value, as an argument or from the environment.

export function word(name: string, fallback: string): string {
  const given = process.argv.find((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1) ?? process.env[name];
  return given === undefined || given === "" ? fallback : given;
}

export function parameter(name: string, fallback: number): number {
  const given = word(name, String(fallback));
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be a whole number, not ${given}`);
  return value;
}
