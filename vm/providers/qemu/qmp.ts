import type { Duplex } from 'node:stream'
import { MachineError } from '../../errors.ts'

/** What QEMU tells unasked, such as `{ event: 'DEVICE_DELETED', data: { device: 'n1' } }`. */
export interface QmpEvent {
  event: string
  data: Record<string, unknown>
}

/** QEMU's control: one conversation in QMP, over a socket that QEMU has inherited. It ends when QEMU does. */
export interface Qmp {
  /**
   * Runs a command of QMP and resolves to what it returns. Commands run in the order in which they are given. Rejects
   * with a MachineError that names the command: when QEMU refuses it, and when QEMU ends.
   */
  execute(command: string, args?: object): Promise<unknown>
  /** Resolves to the next event of this name for which `matches` holds. Rejects with a MachineError when QEMU ends. */
  next(event: string, matches?: (data: QmpEvent['data']) => boolean): Promise<QmpEvent>
  /** Lets go of the conversation; QEMU goes on. */
  close(): void
}

interface Asked {
  what: string
  resolve(value: unknown): void
  reject(error: MachineError): void
}

interface Awaited extends Asked {
  holds(event: QmpEvent): boolean
}

type Message = { return: unknown; id: number } | { error: { desc: string }; id?: number } | QmpEvent | { QMP: object }

/** Begins the conversation. QEMU answers in order, so nobody has to wait for its greeting. */
export function openQmp(socket: Duplex): Qmp {
  const asked = new Map<number, Asked>()
  const awaited = new Set<Awaited>()
  let count = 0
  let ended = false

  const execute: Qmp['execute'] = (command, args) =>
    new Promise((resolve, reject) => {
      const id = count++
      const what = args ? `${command} ${JSON.stringify(args)}` : command
      if (ended) return reject(lost(what))
      asked.set(id, { what, resolve, reject })
      socket.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }), id })}\n`)
    })

  const hear = (message: Message) => {
    if ('event' in message) {
      for (const one of awaited) {
        if (!one.holds(message)) continue
        awaited.delete(one)
        one.resolve(message)
      }
    } else if ('id' in message && message.id !== undefined) {
      const question = asked.get(message.id)
      asked.delete(message.id)
      if ('return' in message) question?.resolve(message.return)
      else question?.reject(refused(question.what, message.error.desc))
    }
  }

  const end = () => {
    ended = true
    for (const one of [...asked.values(), ...awaited]) one.reject(lost(one.what))
    asked.clear()
    awaited.clear()
  }

  let rest = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim()) hear(JSON.parse(line) as Message)
  })
  // What went wrong is told by `close`; an error without a listener would end this process.
  socket.on('error', () => {}).on('close', end)
  // A QEMU that ends says so to whoever asks next.
  execute('qmp_capabilities').catch(() => {})

  return {
    execute,
    next: (name, matches = () => true) =>
      new Promise<QmpEvent>((resolve, reject) => {
        const what = `the event ${name}`
        if (ended) return reject(lost(what))
        const holds = ({ event, data }: QmpEvent) => event === name && matches(data ?? {})
        awaited.add({ what, holds, resolve: event => resolve(event as QmpEvent), reject })
      }),
    close: () => {
      socket.destroy()
      end()
    },
  }
}

function refused(what: string, said: string): MachineError {
  return new MachineError(`QEMU refused ${what}: ${said}`, {
    mend: 'compare with `qemu-system-x86_64 --version`: an older QEMU may not know it',
  })
}

function lost(what: string): MachineError {
  return new MachineError(`QEMU ended before ${what}`, { mend: 'run it again' })
}
