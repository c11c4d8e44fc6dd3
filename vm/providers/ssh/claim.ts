import { HostError } from '../../errors.ts'
import type { Connection } from '../../transport/connect.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'

/** Holds the time since which a lab has the machine. In /run, as what it warns of goes with a reboot as well. */
export const claimFile = '/run/vethlab-in-use'

/**
 * Claims the machine for one lab. A claim that is not given back says that what a lab did there was not undone.
 * Rejects with a HostError when another run was quicker.
 */
export async function claim(
  connection: Connection,
  address: Address,
  { signal }: { signal: AbortSignal },
): Promise<{ giveBack(): Promise<void> }> {
  const script = `set -C; { date -u +%FT%TZ >${claimFile}; } 2>/dev/null || { cat ${claimFile}; exit 1; }`
  const { exitCode, stdout } = await connection.exec(script, { signal })
  if (exitCode !== 0) throw inUse(stdout.trim(), address)
  return {
    giveBack: async () => {
      // A lost machine keeps its claim: what the lab did there was not undone.
      await connection.exec(`rm -f ${claimFile}`).catch(() => {})
    },
  }
}

/** Says why a machine that was claimed at a time is not taken. */
export function inUse(since: string, address: Address): HostError {
  return new HostError(
    `${formatAddress(address)} is in use since ${since}: a lab runs there, or was kept or broken off and has not been undone`,
    {
      mend: `reboot it and prepare it again (docs/ssh.md), or undo by hand what the lab did and say so: ${sshCommand(address, `'rm ${claimFile}'`)}`,
    },
  )
}
