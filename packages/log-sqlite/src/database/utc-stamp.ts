/** A time for file names: `20261122T065148Z`. */
export function utcStamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, '');
}
