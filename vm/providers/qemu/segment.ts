import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { MachineError } from '../../errors.ts'
import type { Machine } from '../../machine.ts'
import { type JoinRequest, linkName, type Plug, type Segment } from '../../segment.ts'
import { type Hub, startHub } from './hub.ts'
import type { VirtualMachine } from './start.ts'

/**
 * Joins virtual machines by a hub in this process: each gets a network card plugged in, whose other end is a unix socket in the
 * machine's private folder. It needs no privilege, and every frame passes here.
 */
export async function joinVirtualMachines({ name, plugs, keep }: JoinRequest): Promise<Segment> {
  const lost = new AbortController()
  const hub = startHub((plug, error) => {
    const reason = new MachineError(`the segment ${name} lost ${plug}: ${error.message}`, { mend: 'run it again' })
    // A QEMU that ends closes its plug in the same moment; how it ended says more.
    setTimeout(() => lost.abort(reason), patienceForReasonMs)
  })
  const setLink = async (name: string, up: boolean) => {
    const plug = plugs.find(plug => plug.name === name)
    // Of the card, not of what is behind it: so the guest is told, and nothing passes either way.
    if (plug) await virtualMachine(plug.machine).qmp.execute('set_link', { name: linkName(plug), up })
  }
  try {
    await Promise.all(plugs.map(plug => plugIn(hub, plug)))
  } catch (error) {
    await hub[Symbol.asyncDispose]()
    throw error
  }
  return {
    kept: 'it ends with this run, which has passed its frames on: the links of the kept machines have no carrier any more',
    cut: plug => setLink(plug, false),
    restore: plug => setLink(plug, true),
    listen: async onFrame => {
      const unlisten = hub.listen((from, frame) => {
        onFrame({ from, time: now(), length: frame.length, bytes: frame.subarray(0, mostCaptured) })
      })
      return async () => {
        await Promise.all(plugs.map(({ machine }) => allSent(virtualMachine(machine))))
        unlisten()
      }
    },
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      // Who is left behind shall see that there is nobody.
      if (keep) await Promise.all(plugs.map(plug => setLink(plug.name, false)))
      await hub[Symbol.asyncDispose]()
    },
  }
}

async function plugIn(hub: Hub, plug: Plug): Promise<void> {
  const { qmp, folder, name, exec } = virtualMachine(plug.machine)
  const card = linkName(plug)
  const wire = `${card}-wire`
  const path = join(folder, wire)
  const addr = { type: 'unix', path }
  await hub.plug(plug.name, path, () => qmp.execute('netdev_add', { type: 'stream', id: wire, server: false, addr }))
  // romfile: without the card's boot ROM, which not every host has. A slot of its own, above those of the machine's other devices.
  const slot = (firstSlot + plug.number).toString(16)
  const { mac } = plug
  await qmp.execute('device_add', { driver: 'virtio-net-pci', id: card, netdev: wire, mac, addr: slot, romfile: '' })
  const { exitCode, stderr } = await exec(nameCard(mac, card))
  if (exitCode !== 0) throw new MachineError(`${name} has no link ${card}: ${stderr.trim()}`, { mend: 'run it again' })
}

const firstSlot = 0x0f

/** Waits until the guest has found its new card, and gives it its name. There is no udev that would load the driver. */
function nameCard(mac: string, name: string): string {
  return `modprobe virtio_net || exit
card() {
  for file in /sys/class/net/*/address; do
    read -r mac <"$file" && [ "$mac" = ${mac} ] || continue
    link=\${file%/address} link=\${link##*/}
    return
  done
  false
}
tries=0
until card; do
  [ $((tries += 1)) -lt 500 ] || { echo 'the card that was plugged in does not appear' >&2; exit 1; }
  sleep 0.02
done
[ "$link" = ${name} ] || ip link set "$link" name ${name}`
}

/**
 * Resolves when the hub has what the guest has sent. QEMU passes a frame on in a later turn of its loop than the one in which
 * the guest sent it: twice, as the answer may have been made in the turn before.
 */
async function allSent({ qmp }: VirtualMachine): Promise<void> {
  for (let turns = 0; turns < 2; turns++) {
    await qmp.execute('query-status')
    await turn()
  }
}

/** Nanoseconds since 1970, to the microsecond. */
function now(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

// As much as captures in a machine keep (harness/capture/listener.ts): every header fits.
const mostCaptured = 2048
const patienceForReasonMs = 500

function virtualMachine(machine: Machine): VirtualMachine {
  if (!('qmp' in machine)) throw new TypeError(`${machine.name} is no virtual machine`)
  return machine as VirtualMachine
}
