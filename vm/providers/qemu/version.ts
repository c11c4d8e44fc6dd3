import { statSync } from 'node:fs'
import { execa } from 'execa'
import { findTool } from '../../image/tools.ts'

/** QEMU's own version line, e.g. `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)`; undefined where it isn't installed. */
export async function qemuVersion(program: string): Promise<string | undefined> {
  const { stdout, failed } = await execa(program, ['--version'], { reject: false, stdin: 'ignore' })
  return failed ? undefined : stdout.split('\n')[0]
}

/** Tells one QEMU from another without running it: where it is, its size and its time; undefined where it isn't installed. */
export function qemuBuild(program: string): string | undefined {
  const path = findTool(program)
  if (path === undefined) return undefined
  const { size, mtime } = statSync(path)
  return `${path}, ${size} bytes, ${mtime.toISOString()}`
}
