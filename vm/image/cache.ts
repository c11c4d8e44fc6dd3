import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The folder in which images are kept: in $XDG_CACHE_HOME, or ~/.cache. */
export function defaultCache(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME
  // The XDG rules: a relative path there is to be ignored.
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'vethlab')
}
