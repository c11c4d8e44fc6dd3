import { access } from 'node:fs/promises'
import { execa } from 'execa'
import { HostError } from '../errors.ts'
import type { Finding } from '../machine.ts'
import { aptLine, findTool, isRoot, keyring, mendMissing, neededTools, packageOf } from './tools.ts'

/** What building an image needs of this host, for the doctor. Changes nothing. */
export async function checkImageTools(): Promise<Finding[]> {
  const tools = neededTools().map(tool => {
    const path = findTool(tool)
    return {
      need: tool,
      ok: path !== undefined,
      saw: path ?? 'not on PATH',
      mend: path ? '' : aptLine([packageOf(tool)]),
    }
  })
  const all = tools.every(({ ok }) => ok)
  return [
    ...tools,
    await checkKeyring(),
    ...(all ? [await checkSquashfs(), ...(isRoot() ? [] : [await checkUserns()])] : []),
  ]
}

/** Throws a HostError when this host can't build an image. */
export async function requireImageTools(): Promise<void> {
  const missing = neededTools().filter(tool => findTool(tool) === undefined)
  if (missing.length > 0) throw mendMissing(missing)
  const lack = (await checkImageTools()).find(({ ok }) => !ok)
  if (lack) throw new HostError(`building an image needs ${lack.need}; saw: ${lack.saw}`, { mend: lack.mend })
}

async function checkKeyring(): Promise<Finding> {
  const ok = await access(keyring.path).then(
    () => true,
    () => false,
  )
  return {
    need: "Debian's archive keys",
    ok,
    saw: ok ? keyring.path : `no ${keyring.path}`,
    mend: ok ? '' : aptLine([keyring.package]),
  }
}

/** mksquashfs reads a tar since 4.5. */
async function checkSquashfs(): Promise<Finding> {
  const { stdout } = await execa('mksquashfs', ['-version'], { reject: false })
  const version = /mksquashfs version (\d+\.\d+[\w.]*)/.exec(stdout)?.[1]
  const ok = version !== undefined && Number.parseFloat(version) >= 4.5
  return {
    need: 'mksquashfs 4.5 or newer',
    ok,
    saw: version ?? 'no version',
    mend: ok ? '' : `${aptLine([packageOf('mksquashfs')])}, from Debian 12, Ubuntu 22.04 or newer`,
  }
}

/** The whole of it at once: newuidmap, /etc/subuid, and a kernel that lets users have user namespaces. */
async function checkUserns(): Promise<Finding> {
  const { exitCode, stderr } = await execa('mmdebstrap', ['--unshare-helper', 'true'], { reject: false })
  const ok = exitCode === 0
  return {
    need: 'a user namespace, for a user who is not root',
    ok,
    saw: ok ? 'mmdebstrap entered one' : stderr.trim().replaceAll('\n', '; '),
    mend: ok ? '' : /subuid|subgid/.test(stderr) ? giveSubordinateIds : allowUserNamespaces,
  }
}

const giveSubordinateIds = 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$(id -un)"'

/** Debian's kernels know the one switch, Ubuntu's the other. */
const allowUserNamespaces =
  'sudo sysctl -e -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0'
