// Kubernetes MicroTime. The apiserver refuses Lease times and event times that do
// not carry exactly six fraction digits, and toISOString() gives three.

export function microTime(epochMs: number): string {
  const micros = Math.round((epochMs - Math.floor(epochMs)) * 1000) % 1000;
  return `${new Date(Math.floor(epochMs)).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}
