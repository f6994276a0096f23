/** What a daemon's /metrics says. */

/** The value of a series; NaN where there is none with these labels. */
export async function metricOf(
  baseUrl: string,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const response = await fetch(`${baseUrl}/metrics`);
  const wanted = Object.entries(labels).map(
    ([key, value]) => `${key}="${value}"`,
  );
  const line = (await response.text())
    .split("\n")
    .filter((one) => one.startsWith(`${name}{`) || one.startsWith(`${name} `))
    .find((one) => wanted.every((label) => one.includes(label)));
  return Number(line?.split(" ").at(-1) ?? Number.NaN);
}
