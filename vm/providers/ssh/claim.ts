import { HostError } from '../../errors.ts'
import type { LentState } from '../../machine.ts'
import type { Connection } from '../../transport/connect.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'

/**
 * Says which lab has the machine, and is the script that undoes what the lab did there: bash, to be run on the machine. In
 * /run, as what it warns of goes with a reboot as well.
 */
export const claimFile = '/run/vethlab-in-use'

/** What is known of a claim, as its file has it. */
export interface Claim extends LentState {
  /** ISO 8601. */
  since: string
  lab: string
}

/** A claim that is held. */
export interface Held {
  /** Replaces what is to be undone, and what is left. */
  note(state: LentState): void
  /** Resolves when all notes are there. */
  noted(): Promise<void>
  giveBack(): Promise<void>
}

/**
 * Claims the machine for one lab. A claim that is not given back says that what a lab did there was not undone.
 * Rejects with a HostError when another run was quicker.
 */
export async function claim(
  connection: Connection,
  address: Address,
  { lab, signal }: { lab: string; signal: AbortSignal },
): Promise<Held> {
  const since = new Date().toISOString().replace(/\.\d+/, '')
  const text = (state: LentState) => claimText({ since, lab, ...state })
  const script = `set -C; { cat >${claimFile}; } 2>/dev/null || { cat ${claimFile}; exit 1; }`
  const { exitCode, stdout } = await connection.exec(script, { signal, input: text({ undo: [], left: [] }) })
  if (exitCode !== 0) throw inUse(readClaim(stdout), address)

  // One note after the other; of those that pile up meanwhile only the last counts.
  let next: LentState | undefined
  let writing = Promise.resolve() as Promise<void>
  const write = async () => {
    if (!next) return
    const input = text(next)
    next = undefined
    await connection.exec(`cat >${claimFile}.new && mv ${claimFile}.new ${claimFile}`, { input })
  }
  return {
    note(state) {
      next = state
      // A lost machine keeps its claim as it is.
      writing = writing.then(write).catch(() => {})
    },
    noted: () => writing,
    giveBack: async () => {
      await writing
      await connection.exec(`rm -f ${claimFile}`).catch(() => {})
    },
  }
}

/** The claim's file. */
export function claimText({ since, lab, undo, left }: Claim): string {
  return [
    `# since ${since}`,
    `# lab ${lab}`,
    ...left.map(line => `# left ${line}`),
    ...undo,
    `rm -f ${claimFile} # behind what undoes it`,
    '',
  ].join('\n')
}

/** Reads the claim's file. */
export function readClaim(text: string): Claim {
  const lines = text.split('\n')
  const said = (word: string) =>
    lines.filter(line => line.startsWith(`# ${word} `)).map(line => line.slice(word.length + 3).trim())
  const undo = lines.filter(line => line.trim() !== '' && !/^# (since|lab|left) |^rm -f \S*vethlab-in-use/.test(line))
  return { since: said('since')[0] ?? 'it is not known when', lab: said('lab')[0] ?? '', undo, left: said('left') }
}

/** Says why a machine that was claimed is not taken, and what was left on it. */
export function inUse({ since, lab, undo, left }: Claim, address: Address): HostError {
  const remains = [
    ...(left.length > 0 ? [`it differs from before: ${left.join('; ')}`] : []),
    ...(undo.length > 0 ? [`not undone yet: ${undo.join('; ')}`] : []),
  ]
  return new HostError(
    `${formatAddress(address)} is in use since ${since}: lab ${lab} runs there, or was kept or broken off${remains.map(part => `\n${part}`).join('')}`,
    {
      mend: `if nobody runs it any more, undo what it did: ${undoCommand(address)}; or reboot it and prepare it again (docs/ssh.md)`,
    },
  )
}

/** What undoes on the machine what a lab did there, as far as the lab has told. */
export function undoCommand(address: Address): string {
  return sshCommand(address, `bash ${claimFile}`)
}
