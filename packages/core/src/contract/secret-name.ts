const secretName = /key|secret|token|pass|pwd|credential|^auth(?:orization)?$/i;

/**
 * Whether an option or a log field of this name may hold a secret, such as `apiKey`, `secret_access_key`, `password` or
 * `Authorization`. Its value must not be printed. Errs on the side of secrecy: `keyword` counts as a secret, too.
 */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}
