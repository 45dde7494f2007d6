/** Shows how far an installation is. */
export function installProgress(
  print: (line: string) => void,
  every?: number,
): { readonly listen: (chunk: Uint8Array | string) => void; readonly end: () => void };
