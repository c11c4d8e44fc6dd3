import { HostError } from '../errors.ts'
import type { Suite } from '../suite.ts'
import { diskFull } from './space.ts'
import { aptLine, keyring } from './tools.ts'

export interface Failure {
  suite: Suite
  /** The user's own mirror, if one was set. */
  mirror: string | undefined
  /** The texts of the scripts that mmdebstrap ran. */
  scripts: readonly string[]
  /** What each program wrote to stderr. */
  mmdebstrap: string
  mksquashfs: string
  /** How each ended: `exit code 25`, `SIGKILL`. */
  exits: { mmdebstrap: string; mksquashfs: string }
  /** Where the image's files were being written, and where its tree lay. */
  dir: string
  work: string
}

/** Why a build failed, from what its programs said. */
export function explainFailure({
  suite,
  mirror,
  scripts,
  mksquashfs,
  exits,
  dir,
  work,
  ...failure
}: Failure): HostError {
  const mmdebstrap = withoutScripts(failure.mmdebstrap, scripts)
  const building = `the ${suite} image can't be built`
  const all = `${mmdebstrap}\n${mksquashfs}`
  const full = lineWith(all, /No space left on device|out of space|enough free space/i)
  if (full) return diskFull(work.startsWith(dir) ? dir : `${dir} or ${work}`, full)
  const unsigned = lineWith(
    mmdebstrap,
    /NO_PUBKEY|is not signed|EXPKEYSIG|no valid OpenPGP|signatures? couldn't be verified/i,
  )
  if (unsigned) {
    return new HostError(`${building}: ${keyring.path} doesn't know the key that signs ${suite}\n${unsigned}`, {
      mend: `${aptLine([keyring.package])}: a version that knows ${suite}, if need be from a newer release`,
    })
  }
  const expired = lineWith(mmdebstrap, /Release file .* (is expired|is not valid yet)/)
  if (expired) {
    return new HostError(`${building}: this host's clock and the mirror don't agree\n${expired}`, {
      mend: "compare this host's clock (date) with the time, or set VETHLAB_MIRROR to a mirror that is kept up to date",
    })
  }
  const unreachable = lineWith(
    mmdebstrap,
    /Could not (connect|resolve)|Unable to connect|Connection (failed|timed out|refused)|Temporary failure|Failed to fetch|does not have a Release file/i,
  )
  if (unreachable) {
    const which = mirror === undefined ? "mmdebstrap's default mirror" : `the mirror ${mirror}`
    return new HostError(`${building}: ${which} can't be reached\n${unreachable}`, {
      mend:
        mirror === undefined
          ? 'set VETHLAB_MIRROR to the URL of a Debian mirror that this host reaches'
          : 'set VETHLAB_MIRROR to another mirror, or unset it',
    })
  }
  const told = [
    ['mmdebstrap', exits.mmdebstrap, mmdebstrap],
    ['mksquashfs', exits.mksquashfs, mksquashfs],
  ] as const
  const failed = told.filter(([, exit]) => exit !== 'exit code 0')
  const ends = failed.map(([program, exit, text]) => `${program}: ${exit}\n${text.split('\n').slice(-15).join('\n')}`)
  return new HostError(`${building}\n${ends.join('\n')}`, {
    mend: 'npm run lab doctor shows what this host lacks; then try again',
  })
}

/** What stands in the way in the folder of images, for people; any other error as it is. */
export function explainFileError(error: unknown, images: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(images, message, error)
  // Node's recursive mkdir says ENOENT where the file system is read-only.
  if (refusals.includes(code) || (code === 'ENOENT' && syscall === 'mkdir')) {
    return new HostError(`the cache folder ${images} can't be written: ${message}`, {
      mend: `make ${images} a folder that you can write, or set XDG_CACHE_HOME to one`,
      cause: error,
    })
  }
  return error
}

/** The first line that tells why, without the time of day and the like. */
function lineWith(text: string, pattern: RegExp): string | undefined {
  return text
    .split('\n')
    .find(line => pattern.test(line))
    ?.trim()
}

const refusals: unknown[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST']

/** mmdebstrap prints the whole of a script that it runs, and again when it fails: its first line names it well enough. */
function withoutScripts(text: string, scripts: readonly string[]): string {
  return scripts.reduce((rest, script) => rest.replaceAll(script, `${script.split('\n')[0]} …`), text)
}
