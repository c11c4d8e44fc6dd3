import { expect } from 'chai'
import { execa } from 'execa'
import { cpuModel, type QemuConfig, qemuArguments, qemuProgram } from '../../../../vm/providers/qemu/argv.ts'

const config: QemuConfig = {
  accelerator: 'kvm',
  kernel: '/image/vmlinuz',
  initrd: '/run/initrd',
  rootfs: '/image/root.sqfs',
  memoryMiB: 1024,
  serialLog: '/run/serial.log',
  memoryFile: undefined,
  ports: [{ fd: 3, name: 'org.example.ssh' }],
  qmp: { fd: 4 },
  incoming: false,
  consoleSocket: undefined,
}

const noSockets = { ports: [], qmp: undefined }

describe("qemu's arguments", () => {
  it('give the guest the host’s own CPU under KVM, and under TCG one without the instructions that QEMU gets wrong', () => {
    expect(valuesOf('-cpu', qemuArguments(config))).to.deep.equal(['host'])
    expect(valuesOf('-accel', qemuArguments(config))).to.deep.equal(['kvm'])
    const emulated = qemuArguments({ ...config, accelerator: 'tcg' })
    expect(valuesOf('-cpu', emulated)).to.deep.equal(['max,-cx16,la57=off,-smap,-erms,-fsrm,-avx,-avx2,-pku'])
    expect(valuesOf('-accel', emulated)).to.deep.equal(['tcg,tb-size=128'])
    expect(cpuModel('kvm')).to.equal('host')
  })

  it('have no network card and no device that was not asked for', () => {
    const args = qemuArguments(config)
    expect(args).to.include.members(['-nodefaults', '-no-user-config'])
    expect(args.filter(arg => /^-(net|netdev|nic)$|virtio-net|e1000/.test(arg))).to.deep.equal([])
    expect(valuesOf('-device', args)).to.deep.equal([
      'virtio-rng-pci,addr=2',
      'virtio-blk-pci,drive=root,addr=3',
      'virtio-serial-pci,addr=4',
      'virtconsole,chardev=console,nr=0,name=org.vethlab.console',
      'virtserialport,chardev=port0,name=org.example.ssh,nr=1',
    ])
  })

  it('end QEMU when the guest crashes, however it does', () => {
    const args = qemuArguments(config)
    expect(args).to.include('-no-reboot')
    expect(valuesOf('-append', args)[0]?.split(' ')).to.include.members(['panic=-1', 'oops=panic'])
  })

  it('share the image among machines: read-only, without locks', () => {
    expect(valuesOf('-drive', qemuArguments(config))).to.deep.equal([
      'if=none,id=root,format=raw,readonly=on,file.locking=off,file=/image/root.sqfs',
    ])
  })

  it('reach the console of a kept machine by a socket; the device is always there', () => {
    const kept = qemuArguments({ ...config, consoleSocket: '/run/console' })
    expect(valuesOf('-chardev', kept)).to.include('socket,id=console,server=on,wait=off,path=/run/console')
    expect(valuesOf('-chardev', qemuArguments(config))).to.include('null,id=console')
    expect(valuesOf('-device', kept)).to.deep.equal(valuesOf('-device', qemuArguments(config)))
  })

  it('keep the memory in a file that a template writes, and a clone only reads', () => {
    const template = qemuArguments({ ...config, memoryFile: { path: '/t/mem', use: 'shared' } })
    expect(valuesOf('-machine', template)).to.deep.equal(['pc,memory-backend=ram'])
    expect(valuesOf('-object', template)).to.deep.equal([
      'memory-backend-file,id=ram,size=1024M,mem-path=/t/mem,share=on',
    ])
    const clone = { ...config, memoryFile: { path: '/t/mem', use: 'private' as const }, incoming: true }
    expect(valuesOf('-object', qemuArguments(clone))).to.deep.equal([
      'memory-backend-file,id=ram,size=1024M,mem-path=/t/mem,share=off',
    ])
    expect(valuesOf('-incoming', qemuArguments(clone))).to.deep.equal(['defer'])
    expect(valuesOf('-device', qemuArguments(clone))).to.deep.equal(valuesOf('-device', template))
  })

  it('put its control on a socket that it inherits', () => {
    const args = qemuArguments(config)
    expect(valuesOf('-chardev', args)).to.include('socket,id=qmp,fd=4')
    expect(valuesOf('-mon', args)).to.deep.equal(['chardev=qmp,mode=control'])
    expect(valuesOf('-mon', qemuArguments({ ...config, qmp: undefined }))).to.deep.equal([])
  })

  it('need neither disk nor ports for a kernel that is only probed', () => {
    const args = qemuArguments({ ...config, rootfs: undefined, ...noSockets })
    expect(valuesOf('-drive', args)).to.deep.equal([])
    expect(valuesOf('-device', args)).to.deep.equal(['virtio-rng-pci,addr=2'])
  })

  it('keep a comma in a path from ending it', () => {
    const args = qemuArguments({ ...config, rootfs: '/a,b/root.sqfs', serialLog: '/c,d', consoleSocket: '/e,f' })
    expect(valuesOf('-drive', args)[0]).to.match(/,file=\/a,,b\/root\.sqfs$/)
    expect(valuesOf('-serial', args)).to.deep.equal(['file:/c,,d'])
    expect(valuesOf('-chardev', args)[0]).to.match(/,path=\/e,,f$/)
  })

  it('are understood by the QEMU that is installed', async () => {
    // Everything is parsed before the first thing is missed: the disk.
    const program = qemuProgram('x64') ?? ''
    const emulated = { ...config, accelerator: 'tcg' as const, serialLog: '/dev/null', ...noSockets }
    const { stderr } = await execa(program, qemuArguments({ ...emulated, rootfs: '/no/such,file' }), { reject: false })
    expect(stderr).to.match(/Could not open '\/no\/such,file'/)
  })
})

/** What follows each occurrence of an option. */
function valuesOf(option: string, args: string[]): string[] {
  return args.flatMap((arg, index) => (args[index - 1] === option ? [arg] : []))
}
