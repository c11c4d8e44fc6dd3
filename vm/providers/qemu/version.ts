import { execa } from 'execa'

/** QEMU's own version line, e.g. `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)`; undefined where it isn't installed. */
export async function qemuVersion(program: string): Promise<string | undefined> {
  const { stdout, failed } = await execa(program, ['--version'], { reject: false, stdin: 'ignore' })
  return failed ? undefined : stdout.split('\n')[0]
}
