const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

/** Colours for a terminal; each takes text that is harmless already. */
export type Paint = Readonly<Record<keyof typeof codes, (text: string) => string>>;

const plain = (text: string) => text;
const colored = (code: number) => (text: string) => (text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`);

function paintWith(painter: (code: number) => (text: string) => string): Paint {
  const { bold, dim, red, green, yellow, blue, magenta, cyan } = codes;
  return {
    bold: painter(bold),
    dim: painter(dim),
    red: painter(red),
    green: painter(green),
    yellow: painter(yellow),
    blue: painter(blue),
    magenta: painter(magenta),
    cyan: painter(cyan),
  };
}

const withColor = paintWith(colored);
const withoutColor = paintWith(() => plain);

/** Colours, or none. */
export function paintFor(color: boolean): Paint {
  return color ? withColor : withoutColor;
}
