/** The folders of packages that have a build: all, or those that the package `of` depends on. */
export function buildable(root: string, of?: string): string[];

/** Compares a checkout with its last build. */
export function builtPackages(
  root: string,
  options: { readonly stamp: string; readonly dependencies: string },
): {
  sources(folders: readonly string[]): Record<string, string>;
  changed(folders: readonly string[]): string[];
  record(before: Readonly<Record<string, string>>): void;
};
