/** Milliseconds on the one clock that all processes of a host share and nobody sets. */
export function hostClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
