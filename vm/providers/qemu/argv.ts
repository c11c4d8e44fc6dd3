export type Accelerator = 'kvm' | 'tcg'

/** A virtual machine as data: what QEMU is told to build. Paths are those of the host. */
export interface QemuConfig {
  accelerator: Accelerator
  kernel: string
  /** undefined for a clone, whose template has unpacked it. */
  initrd: string | undefined
  /** The root file system's squashfs; undefined for a kernel that is only probed. */
  rootfs: string | undefined
  memoryMiB: number
  /**
   * A file that holds the guest's memory: `shared` is written to, `private` only read, and what the guest writes stays
   * with it. undefined: no file.
   */
  memoryFile: { path: string; use: 'shared' | 'private' } | undefined
  /** File that gets what the kernel prints. */
  serialLog: string
  /** Ports of the guest, by the names under which it finds them, each an inherited socket. */
  ports: readonly { name: string; fd: number }[]
  /** QEMU's own control, an inherited socket; undefined for a kernel that is only probed. */
  qmp: { fd: number } | undefined
  /** true: goes on from the state of a frozen machine, instead of booting. */
  incoming: boolean
  /** Path of a unix socket that reaches the guest's /dev/hvc0, for a machine that is kept. */
  consoleSocket: string | undefined
}

/** The QEMU program that runs a guest of this host's own architecture; undefined where none has been tried. */
export function qemuProgram(arch: NodeJS.Architecture): string | undefined {
  return arch === 'x64' ? 'qemu-system-x86_64' : undefined
}

/**
 * The CPU that the guest sees. Under KVM the host's own. Under TCG everything that QEMU can emulate, except cmpxchg16b,
 * after which QEMU 7.2 sometimes leaves wrong flags (the guest then crashes at random), and what only a real processor is
 * quicker with: emulated, `rep movsb` goes byte by byte, SMAP ends a translation at each access to a program's memory,
 * and a fifth level of addresses makes each page walk longer. Without these a boot takes an eighth less, commands a fifth.
 */
export function cpuModel(accelerator: Accelerator): string {
  return accelerator === 'kvm' ? 'host' : 'max,-cx16,la57=off,-smap,-erms,-fsrm,-avx,-avx2,-pku'
}

/** QEMU's arguments, each with its reason. There is no network card: the guest's network is its own, nothing leaves it. */
export function qemuArguments(config: QemuConfig): string[] {
  return [
    // Only what is asked for: no card, floppy or monitor by default, no settings from the host's /etc/qemu.
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    // The plain PC boots as fast as q35, and every QEMU has it.
    ...['-machine', config.memoryFile ? 'pc,memory-backend=ram' : 'pc'],
    ...['-accel', accelerator(config), '-cpu', cpuModel(config.accelerator)],
    ...memory(config),
    // The kernel reboots when it panics, and a reboot ends QEMU: a crash is seen, never slept through.
    '-no-reboot',
    ...['-kernel', config.kernel, '-append', kernelCommandLine],
    ...(config.initrd === undefined ? [] : ['-initrd', config.initrd]),
    ...['-serial', `file:${optionValue(config.serialLog)}`],
    // Random numbers from the host: sshd needs good ones at once, and a guest that has just booted has none.
    ...['-device', `virtio-rng-pci,addr=${pciAddress.rng}`],
    ...disk(config.rootfs),
    ...serialPorts(config),
    ...(config.qmp ? ['-chardev', `socket,id=qmp,fd=${config.qmp.fd}`, '-mon', 'chardev=qmp,mode=control'] : []),
    // It waits to be told by QMP where from.
    ...(config.incoming ? ['-incoming', 'defer'] : []),
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
  'norandmaps', // a program that lies elsewhere each time is translated anew each time: emulated, a command takes thrice as long
  'init_on_alloc=0', // saves the time of clearing memory that nobody has used before
  'tsc=reliable', // under emulation the clocks' checks fail for no reason
  'no_timer_check',
  'random.trust_cpu=on',
].join(' ')

/**
 * Where each device sits on the PCI bus: a clone must have what its template had, where it had it. Whatever is plugged
 * in later finds 9 and above free.
 */
const pciAddress = { rng: 2, disk: 3, ports: 4 }

function memory({ memoryMiB, memoryFile }: QemuConfig): string[] {
  const size = ['-m', String(memoryMiB)]
  if (!memoryFile) return size
  const share = memoryFile.use === 'shared' ? 'on' : 'off'
  const path = optionValue(memoryFile.path)
  return [...size, '-object', `memory-backend-file,id=ram,size=${memoryMiB}M,mem-path=${path},share=${share}`]
}

function disk(rootfs: string | undefined): string[] {
  if (rootfs === undefined) return []
  // Read-only and without locks: any number of machines run from the one image.
  const drive = `if=none,id=root,format=raw,readonly=on,file.locking=off,file=${optionValue(rootfs)}`
  return ['-drive', drive, '-device', `virtio-blk-pci,drive=root,addr=${pciAddress.disk}`]
}

/** The ways in that don't depend on the network under test. */
function serialPorts({ ports, consoleSocket }: QemuConfig): string[] {
  if (ports.length === 0) return []
  const listener = `socket,id=console,server=on,wait=off,path=${optionValue(consoleSocket ?? '')}`
  return [
    ...['-device', `virtio-serial-pci,addr=${pciAddress.ports}`],
    // Always there, so that a machine that is kept has the same devices as any other.
    ...['-chardev', consoleSocket === undefined ? 'null,id=console' : listener],
    ...['-device', 'virtconsole,chardev=console,nr=0,name=org.vethlab.console'],
    ...ports.flatMap(({ name, fd }, index) => [
      ...['-chardev', `socket,id=${portId(index)},fd=${fd}`],
      ...['-device', `virtserialport,chardev=${portId(index)},name=${name},nr=${index + 1}`],
    ]),
  ]
}

/** By which QMP knows the host's end of a port; the control channel is the first. */
export function portId(index: number): string {
  return `port${index}`
}

/** In an option's value QEMU takes a comma for its end, unless there are two. */
function optionValue(path: string): string {
  return path.replaceAll(',', ',,')
}
