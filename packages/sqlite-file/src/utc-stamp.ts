/** A time in milliseconds as part of a file name: `20261122T065148Z`. */
export function utcStamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, '');
}
