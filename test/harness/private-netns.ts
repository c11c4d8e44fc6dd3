import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { $ } from 'zx'
import type { Finished, Machine } from '../../vm/machine.ts'

/**
 * A machine in miniature for tests of what reads the kernel: an own netns, mount and pid namespace on this host's file
 * system and tools, with an empty /run. Real kernel, real tools; no image, no ssh. Needs root.
 */
export async function privateNetns(): Promise<Machine> {
  const begin =
    'mount -t tmpfs tmpfs /run && mkdir /run/netns && mount -t sysfs sysfs /sys && ip link set lo up && echo up && exec cat'
  const holder = execa(
    'unshare',
    ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', begin],
    {
      reject: false,
    },
  )
  const [greeting] = await Promise.race([once(holder.stdout, 'data'), holder.then(({ stderr }) => [stderr])])
  if (String(greeting) !== 'up\n') throw new Error(`no private netns: ${greeting}`)
  const pid = (await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8')).trim()
  const enter = ['-t', pid, '--net', '--mount', '--pid']
  return {
    name: 'private netns',
    provider: 'sandbox',
    accelerator: 'host',
    suite: undefined,
    slowness: 1,
    $: $({
      prefix: `nsenter ${enter.join(' ')} bash --norc -c "$(cat <<'VETHLAB'\n`,
      postfix: '\nVETHLAB\n)"',
      quiet: true,
    }),
    async exec(script, { signal, input } = {}): Promise<Finished> {
      const {
        exitCode,
        signal: endedBy,
        stdout,
        stderr,
      } = await execa('nsenter', [...enter, 'sh', '-c', script], {
        reject: false,
        stripFinalNewline: false,
        ...(input === undefined ? { stdin: 'ignore' } : { input }),
        ...(signal === undefined ? {} : { cancelSignal: signal }),
      })
      return { exitCode: exitCode ?? null, signal: endedBy ?? null, stdout, stderr }
    },
    dockerSocket: '/run/docker.sock',
    lost: new AbortController().signal,
    entry: { enter: '', remove: '' },
    async [Symbol.asyncDispose]() {
      holder.stdin.end()
      await holder
    },
  }
}
