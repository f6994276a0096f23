/** What an extension does that takes all it can get, and how much of it lies in one answer. */

/** How long a call of the burner computes. */
export const burnMs = 50;
export const burnerSource = `module.exports = (cb) => { for (const end = Date.now() + ${burnMs}; Date.now() < end; ); cb(null, 1); };`;

/** Of an answer of test/support/loud-origin.ts, decompressed. */
export const downloadBytes = 4 * 1024 * 1024;
/** Answers that one call of the downloader reads, one after the other. */
const downloadsPerCall = 2;
export const downloadBytesPerCall = downloadsPerCall * downloadBytes;

/** Reads all that an origin sends, and fails where something is missing; `host` is its host:port. */
export function downloaderSource(host: string): string {
  return `module.exports = async () => {
  let bytes = 0;
  for (let count = 0; count < ${downloadsPerCall}; count++) {
    const response = await fetch("http://${host}/");
    bytes += (await response.arrayBuffer()).byteLength;
  }
  if (bytes !== ${downloadBytesPerCall}) throw new Error(\`\${bytes} bytes\`);
  return bytes;
};`;
}
