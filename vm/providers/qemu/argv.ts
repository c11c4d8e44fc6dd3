export type Accelerator = 'kvm' | 'tcg'

/** A virtual machine as data: what QEMU is told to build. Paths are those of the host. */
export interface QemuConfig {
  accelerator: Accelerator
  kernel: string
  initrd: string
  /** The root file system's squashfs; undefined for a kernel that is only probed. */
  rootfs: string | undefined
  memoryMiB: number
  /** File that gets what the kernel prints. */
  serialLog: string
  /** The control channel: an inherited socket, and the name under which the guest finds the port. */
  channel: { fd: number; port: string } | undefined
  /** QEMU's own control, an inherited socket; undefined for a kernel that is only probed. */
  qmp: { fd: number } | undefined
  /** Path of a unix socket that reaches the guest's /dev/hvc0, for a machine that is kept. */
  consoleSocket: string | undefined
}

/** The QEMU program that runs a guest of this host's own architecture; undefined where none has been tried. */
export function qemuProgram(arch: NodeJS.Architecture): string | undefined {
  return arch === 'x64' ? 'qemu-system-x86_64' : undefined
}

/**
 * The CPU that the guest sees. Under KVM the host's own. Under TCG everything that QEMU can emulate, except cmpxchg16b,
 * after which QEMU 7.2 sometimes leaves wrong flags (the guest then crashes at random), and 57-bit addresses, which only
 * make each page walk a level deeper.
 */
export function cpuModel(accelerator: Accelerator): string {
  return accelerator === 'kvm' ? 'host' : 'max,-cx16,la57=off'
}

/** QEMU's arguments, each with its reason. There is no network card: the guest's network is its own, nothing leaves it. */
export function qemuArguments(config: QemuConfig): string[] {
  return [
    // Only what is asked for: no card, floppy or monitor by default, no settings from the host's /etc/qemu.
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    // The plain PC boots as fast as q35, and every QEMU has it.
    ...['-machine', 'pc', '-accel', accelerator(config), '-cpu', cpuModel(config.accelerator)],
    ...['-m', String(config.memoryMiB)],
    // The kernel reboots when it panics, and a reboot ends QEMU: a crash is seen, never slept through.
    '-no-reboot',
    ...['-kernel', config.kernel, '-initrd', config.initrd, '-append', kernelCommandLine],
    ...['-serial', `file:${optionValue(config.serialLog)}`],
    // Random numbers from the host: sshd needs good ones at once, and a guest that has just booted has none.
    ...['-device', 'virtio-rng-pci'],
    ...disk(config.rootfs),
    ...serialPorts(config),
    ...(config.qmp ? ['-chardev', `socket,id=qmp,fd=${config.qmp.fd}`, '-mon', 'chardev=qmp,mode=control'] : []),
  ]
}

/** TCG's translations would fill up to 1 GiB, and be none the faster for it. */
function accelerator(config: QemuConfig): string {
  return config.accelerator === 'tcg' ? 'tcg,tb-size=128' : config.accelerator
}

const kernelCommandLine = [
  'console=ttyS0', // goes to the serial log: panics and what init has to say
  'quiet', // and nothing else: each character on a serial line costs an exit to QEMU
  'panic=-1', // reboot at once when the kernel panics,
  'oops=panic', // and panic when it is damaged: a lab on a damaged kernel proves nothing
  'net.ifnames=0', // eth0, as the documents have it, should a lab want a card one day
  'mitigations=off', // the guest is thrown away and runs nobody else's code: save the time
  'nokaslr', // saves the time of relocating the kernel
  'tsc=reliable', // under emulation the clocks' checks fail for no reason
  'no_timer_check',
  'random.trust_cpu=on',
].join(' ')

function disk(rootfs: string | undefined): string[] {
  if (rootfs === undefined) return []
  // Read-only and without locks: any number of machines run from the one image.
  const drive = `if=none,id=root,format=raw,readonly=on,file.locking=off,file=${optionValue(rootfs)}`
  return ['-drive', drive, '-device', 'virtio-blk-pci,drive=root']
}

/** The ways in that don't depend on the network under test. */
function serialPorts({ channel, consoleSocket }: QemuConfig): string[] {
  if (!channel && consoleSocket === undefined) return []
  return [
    ...['-device', 'virtio-serial-pci'],
    ...(channel
      ? [
          '-chardev',
          `socket,id=channel,fd=${channel.fd}`,
          '-device',
          `virtserialport,chardev=channel,name=${channel.port}`,
        ]
      : []),
    ...(consoleSocket === undefined
      ? []
      : [
          ...['-chardev', `socket,id=console,server=on,wait=off,path=${optionValue(consoleSocket)}`],
          ...['-device', 'virtconsole,chardev=console'],
        ]),
  ]
}

/** In an option's value QEMU takes a comma for its end, unless there are two. */
function optionValue(path: string): string {
  return path.replaceAll(',', ',,')
}
