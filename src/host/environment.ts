/**
 * The environment programs are started with: without OSX_ISO_OSK, the secret a user may have exported for `boot`, which nobody is
 * to inherit.
 */
export function childEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { OSX_ISO_OSK: _secret, ...env } = process.env;
  return { ...env, ...more };
}
