import { execa } from 'execa'
import { HostError } from '../../vm/errors.ts'

/** What differs from a commit, what there is, both sorted. */
export interface Differences {
  /** Paths from the project's top; what is renamed counts twice, as gone and as new. */
  changed: string[]
  /** Those of them that are gone. */
  gone: string[]
  /** All that git knows or does not ignore. */
  files: string[]
  /** The text of a file as it was; undefined where it was not there. */
  before(file: string): Promise<string | undefined>
}

/**
 * What has changed since `ref`, or rather since what it has in common with what is checked out: committed since, staged, changed, or
 * new and not ignored. @throws HostError where there is no such commit
 */
export async function differences(top: string, ref: string): Promise<Differences> {
  const base = await commonCommit(top, ref)
  const [differing, untracked, known] = await Promise.all([
    names(top, 'diff', '--name-only', '--no-renames', '--no-ext-diff', base),
    names(top, 'ls-files', '--others', '--exclude-standard'),
    names(top, 'ls-files', '--cached'),
  ])
  const deleted = new Set(await names(top, 'ls-files', '--deleted'))
  const files = [...new Set([...known, ...untracked])].filter(file => !deleted.has(file)).sort()
  const changed = [...new Set([...differing, ...untracked])].sort()
  const there = new Set(files)
  const before = async (file: string) => {
    const { exitCode, stdout } = await git(top, 'show', `${base}:${file}`)
    return exitCode === 0 ? stdout : undefined
  }
  return { changed, gone: changed.filter(file => !there.has(file)), files, before }
}

async function commonCommit(top: string, ref: string): Promise<string> {
  const commit = await git(top, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`)
  if (commit.exitCode === 128 && commit.stderr !== '') {
    throw new HostError(`git can't tell what has changed: ${commit.stderr}`, { mend: 'npm test runs everything' })
  }
  if (commit.exitCode !== 0) {
    throw new HostError(`there is no commit "${ref}"`, {
      mend: 'name a branch, a tag or a commit: npm test -- --changed main; without a name it is HEAD',
    })
  }
  const base = await git(top, 'merge-base', commit.stdout, 'HEAD')
  if (base.exitCode === 0) return base.stdout
  throw new HostError(`${ref} and HEAD have no commit in common`, {
    mend: 'git fetch --unshallow, if this clone is cut off; or name another commit',
  })
}

async function names(top: string, ...args: string[]): Promise<string[]> {
  const [command = '', ...rest] = args
  const { exitCode, stdout, stderr } = await git(top, command, '-z', ...rest)
  if (exitCode === 0) return stdout.split('\0').filter(Boolean)
  throw new HostError(`git can't tell what has changed: ${stderr}`, { mend: 'npm test runs everything' })
}

// Tests are run by root in somebody's clone, whom git would not trust there.
async function git(top: string, ...args: string[]) {
  try {
    const { exitCode, stdout, stderr } = await execa('git', ['-c', `safe.directory=${top}`, ...args], {
      ...{ cwd: top, reject: false, stdin: 'ignore' },
      env: { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
    })
    if (exitCode !== undefined) return { exitCode, stdout, stderr }
  } catch {}
  throw new HostError('git is not installed', { mend: 'sudo apt-get install git, or npm test, which runs everything' })
}
