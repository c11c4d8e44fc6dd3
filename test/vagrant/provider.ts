import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'

/* Run by main.ts, on a host of its own that has Vagrant and libvirt. WORK/box holds the files of the box. */

const top = join(import.meta.dirname, '../..')
const main = join(top, 'harness/cli/main.ts')
const work = join(homedir(), '..')
const places = join(homedir(), '.cache/vethlab/vagrant')
const env = { ...process.env, VETHLAB_BOX: 'vethlab/test' }

const lab = (...args: string[]) =>
  execa(process.execPath, [main, ...args], {
    env,
    reject: false,
    all: true,
    stdin: 'ignore',
  })
// Not in the project's folder, where Vagrant would keep notes.
const vagrant = (...args: string[]) => execa('vagrant', args, { cwd: work })
const virsh = async (...args: string[]) => {
  const { stdout } = await execa('virsh', ['--quiet', '--connect', 'qemu:///system', ...args])
  return stdout.trim()
}
const machines = async () => (await virsh('list', '--all', '--name')).split('\n').filter(Boolean)

/** All that a machine leaves somewhere; the box's own volume stays, as with any use of Vagrant. */
async function leftovers(): Promise<string[]> {
  const volumes = (await virsh('vol-list', 'default')).split('\n').map(line => line.trim().split(/\s+/)[0] ?? '')
  const { stdout: index } = await vagrant('global-status', '--machine-readable')
  return [
    ...(await machines()).map(name => `machine ${name}`),
    ...volumes
      .filter(name => name.startsWith('vethlab-') && !name.includes('VAGRANTSLASH'))
      .map(name => `volume ${name}`),
    ...(existsSync(places) ? readdirSync(places) : []).map(name => `folder ${name}`),
    ...(index.match(/machine-id,\w+/g) ?? []),
  ]
}

/** Starts the lab, waits until it says something, and hands the process over. */
async function labUntil(says: string) {
  const child = spawn(process.execPath, [main, 'bridge-nat', '--on', 'vagrant'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes(says)) break
  }
  expect(said).to.include(says)
  child.stdout.resume()
  return { child, exited }
}

describe('--on vagrant', () => {
  it('says which box is missing, before it leaves anything', async () => {
    const { exitCode, all } = await lab('bridge-nat', '--on', 'vagrant')
    expect(exitCode).to.equal(2)
    expect(all)
      .to.match(/vethlab\/test/)
      .and.match(/mend +name a box of Debian trixie .*VETHLAB_BOX/)
    expect(await leftovers()).to.deep.equal([])
  })

  it('knows no box of forky', async () => {
    const { exitCode, all } = await execa(
      process.execPath,
      [main, 'bridge-nat', '--on', 'vagrant', '--suite', 'forky'],
      { reject: false, all: true },
    )
    expect(exitCode).to.equal(2)
    expect(all)
      .to.match(/debian-forky/)
      .and.match(/mend +name a box of Debian forky/)
    expect(await leftovers()).to.deep.equal([])
  })

  it('finds Vagrant, libvirt and, once it is added, the box', async () => {
    const box = join(work, 'box')
    await execa('qemu-img', ['convert', '-O', 'qcow2', join(box, 'disk.raw'), join(box, 'box.img')])
    writeFileSync(join(box, 'metadata.json'), '{"provider":"libvirt","format":"qcow2","virtual_size":4}')
    // The kernel is not in the disk: QEMU boots it by itself, so that the box needs no boot loader.
    writeFileSync(
      join(box, 'Vagrantfile'),
      `Vagrant.configure('2') do |config|
        config.vm.provider 'libvirt' do |libvirt|
          libvirt.kernel = File.join(__dir__, 'vmlinuz')
          libvirt.initrd = File.join(__dir__, 'initrd')
          libvirt.cmd_line = 'root=/dev/vda console=ttyS0 net.ifnames=0 quiet'
        end
      end`,
    )
    const files = ['metadata.json', 'Vagrantfile', 'box.img', 'vmlinuz', 'initrd']
    await execa('tar', ['-C', box, '-cf', join(work, 'test.box'), ...files])
    await vagrant('box', 'add', '--name', 'vethlab/test', '--provider', 'libvirt', join(work, 'test.box'))
    await execa('vagrant', ['validate'], { cwd: top, env: { ...env, VAGRANT_DOTFILE_PATH: join(work, 'validate') } })
    const { all } = await lab('doctor')
    expect(all)
      .to.match(/vagrant: a Debian box.*\(usable\)/)
      .and.include('vagrant-libvirt (0.11')
  })

  it('runs a lab without an engine on a machine of its own, and destroys it', async () => {
    const { exitCode, all } = await lab('bridge-nat', '--on', 'vagrant')
    expect(exitCode, all).to.equal(0)
    expect(all).to.include('the machine is as it was before the lab')
    expect(await leftovers()).to.deep.equal([])
  })

  it('destroys what it was making when it is interrupted', async () => {
    const { child, exited } = await labUntil('booting')
    child.kill('SIGINT')
    expect(await exited).to.deep.equal([130, null])
    expect(await leftovers()).to.deep.equal([])
  })

  it('is killed in the midst of it, and what it leaves is destroyed by npm run lab gc', async () => {
    const { child, exited } = await labUntil('booting')
    child.kill('SIGKILL')
    await exited
    const { all } = await lab('gc')
    expect(all)
      .to.include('of a run that was killed')
      .and.match(/removed the virtual machine vethlab-/)
    expect(await leftovers()).to.deep.equal([])
  })

  it('runs a lab with an engine, and leaves the machine if asked: it is listed, entered and removed by its name', async () => {
    const { exitCode, all } = await lab('publish-port', '--on', 'vagrant', '--keep')
    expect(exitCode, all).to.equal(0)
    const [name = ''] = await machines()
    expect(all).to.include(`npm run lab shell ${name}`)
    expect((await lab('ps')).all).to.match(new RegExp(`${name} +vagrant:trixie +kept`))
    const shell = await execa(process.execPath, [main, 'shell', name], { env, input: 'id -un; docker version\n' })
    expect(shell.stdout)
      .to.match(/^root$/m)
      .and.include('Engine')
    expect((await lab('rm', name)).exitCode).to.equal(0)
    expect(await leftovers()).to.deep.equal([])
  })
})
