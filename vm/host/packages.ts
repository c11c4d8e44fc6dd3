import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { HostError } from '../errors.ts'
import { imageTools, keyring, unprivilegedTools } from '../image/tools.ts'

/** What a program of this host is needed for. */
export type Use = 'sandbox' | 'qemu' | 'keep' | 'test' | 'faults'

/** Everything that this project runs on a host: the program (or the path of a file), and the Debian package that has it. */
const needs: Record<'image' | 'user' | Use, Record<string, string>> = {
  image: { ...imageTools, [keyring.path]: keyring.package },
  // What an ordinary user needs beside that, and root doesn't.
  user: unprivilegedTools,
  sandbox: {
    unshare: 'util-linux',
    nsenter: 'util-linux',
    pivot_root: 'util-linux',
    mount: 'mount',
    setpriv: 'util-linux',
  },
  qemu: process.arch === 'x64' ? { 'qemu-system-x86_64': 'qemu-system-x86' } : {},
  // To enter a kept virtual machine.
  keep: { socat: 'socat' },
  test: {
    ...unprivilegedTools,
    sshd: 'openssh-server',
    'ssh-keygen': 'openssh-client',
    'ssh-agent': 'openssh-client',
    ps: 'procps',
    ip: 'iproute2',
    'iptables-nft': 'iptables',
  },
  // A clock that is set while a run goes on.
  faults: { faketime: 'faketime' },
}

/** A user's PATH leaves out the folders of the administrator's programs; what we run is found there all the same. */
const sbin = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The Debian packages that this host lacks for these uses. A few stats; runs nothing. */
export function missingPackages(uses: Use[], host: Host = thisHost()): string[] {
  const groups = ['image' as const, ...(host.root ? [] : ['user' as const]), ...uses]
  const wanted = groups.flatMap(group => Object.entries(needs[group]))
  return [...new Set(wanted.filter(([program]) => !host.has(program)).map(([, name]) => name))]
}

/** What decides how packages get onto a host. */
export interface Host {
  root: boolean
  /** Somebody sits at a terminal and can be asked for a password. */
  askable: boolean
  /** Whether a program is on PATH, or a file is there. */
  has(program: string): boolean
}

export function thisHost(env: NodeJS.ProcessEnv = process.env): Host {
  const folders = [...(env.PATH ?? '').split(delimiter).filter(folder => folder !== ''), ...sbin]
  return {
    root: process.getuid?.() === 0,
    askable: process.stdin.isTTY === true,
    has: program =>
      program.startsWith('/') ? existsSync(program) : folders.some(folder => executable(join(folder, program))),
  }
}

/** How to install packages on this host: the command lines, one after the other. Throws a HostError where we can't. */
export function installPlan(packages: string[], host: Host): { install: string[]; update: string[] } {
  const names = packages.join(' ')
  if (!host.has('apt-get')) {
    throw new HostError(`this host lacks what Debian has in the packages ${names}, and has no apt-get`, {
      mend: 'install their like with your package manager, or run on another machine: --on ssh://user@host',
    })
  }
  if (!host.root && !(host.askable && host.has('sudo'))) {
    throw new HostError(`this host lacks the packages ${names}`, { mend: typedByHand(packages) })
  }
  // A lock that another apt holds is waited for. sudo keeps little of the environment, so env sets it behind sudo.
  const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', '-o', 'DPkg::Lock::Timeout=300']
  const command = host.root ? apt : ['sudo', ...apt]
  return {
    install: [...command, 'install', '--no-install-recommends', ...packages],
    update: [...command, 'update'],
  }
}

function typedByHand(packages: string[]): string {
  return `sudo apt-get install --no-install-recommends ${packages.join(' ')}`
}

/** Installs what this host lacks for these uses, told on stderr as apt-get tells its own there. Does nothing where nothing lacks. */
export async function installMissing(uses: Use[]): Promise<void> {
  const missing = missingPackages(uses)
  if (missing.length === 0) return
  const plan = installPlan(missing, thisHost())
  process.stderr.write(`vethlab: installing the Debian packages ${missing.join(' ')} (once)\n`)
  // The package lists may be good, or absent, or older than what the mirror has: the second try comes with new ones.
  if ((await exitCode(plan.install)) === aptGetFailed) {
    await exitCode(plan.update)
    await exitCode(plan.install)
  }
  const still = missingPackages(uses)
  if (still.length > 0) {
    throw new HostError(`the packages ${still.join(' ')} were not installed`, {
      mend: `read what was said above (network, mirror, another apt at work, no right to sudo), then run it again, or have somebody run ${typedByHand(still)}`,
    })
  }
}

// sudo that refuses ends with 1, and would refuse again.
const aptGetFailed = 100

function exitCode([command = '', ...args]: string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // Standard output is the report's; stdin stays the terminal, as sudo asks there.
    const child = spawn(command, args, { stdio: ['inherit', 2, 2] })
    child.on('error', reject)
    child.on('exit', resolve)
  })
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
