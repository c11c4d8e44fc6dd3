import { expect } from 'chai'
import { freeName, ownerInName } from '../../../../vm/providers/run-dir/record.ts'
import { isStartedFor } from '../../../../vm/providers/run-dir/remove.ts'
import { stateOf } from '../../../../vm/providers/run-dir/runs.ts'

describe('the runs of a host', () => {
  it('go on, are kept, are left, or can’t be judged', () => {
    const state = (owner: 'alive' | 'gone' | 'unknown', machine: 'alive' | 'gone' | 'unknown', kept: boolean) =>
      stateOf({ owner, machine, kept })
    expect(state('alive', 'gone', false)).to.equal('running')
    expect(state('gone', 'alive', false)).to.equal('left')
    expect(state('gone', 'alive', true)).to.equal('kept')
    expect(state('alive', 'gone', true)).to.equal('left')
    expect(state('unknown', 'unknown', false)).to.equal('elsewhere')
    expect(state('gone', 'unknown', true)).to.equal('elsewhere')
  })

  it('are of the owner that their name says', () => {
    expect(ownerInName('4711-123456-0-0a1b2c3d-1ul8nk3')).to.deep.equal({
      pid: 4711,
      start: 123456,
      boot: '0a1b2c3d',
      pidNamespace: '1ul8nk3',
    })
    for (const other of ['', 'notes', '4711-123456-0', '.4711-123456-0-0a1b2c3d-1ul8nk3']) {
      expect(ownerInName(other), other).to.equal(undefined)
    }
  })

  it('are called by their label, with the first free number where it is taken', () => {
    expect(freeName('bridge-nat', [])).to.equal('bridge-nat')
    expect(freeName('bridge-nat', ['publish-port', undefined])).to.equal('bridge-nat')
    expect(freeName('bridge-nat', ['bridge-nat', 'bridge-nat-3'])).to.equal('bridge-nat-2')
  })

  it('have the processes that were started for their folder, and no other that names it', () => {
    const path = '/tmp/vethlab-0/1-1-0-0a1b2c3d-1ul8nk3'
    const script = '/home/me/vethlab/vm/providers/sandbox/enter.sh'
    const started = (line: string) => isStartedFor(path, line.split(' '))
    expect(started(`setpriv --pdeathsig KILL qemu-system-x86_64 -m 2048 -serial file:${path}/serial.log`)).to.equal(
      true,
    )
    expect(started(`/usr/bin/qemu-system-x86_64 -serial file:${path}/serial.log`)).to.equal(true)
    expect(started(`unshare --net --fork sh ${script} ${path}`)).to.equal(true)
    expect(started(`qemu-system-x86_64 -serial file:${path}9/serial.log`)).to.equal(false)
    expect(started(`sh ${script} ${path}9`)).to.equal(false)
    expect(started(`vim ${path}/serial.log`)).to.equal(false)
    expect(started(`bash -c ls ${path}`)).to.equal(false)
  })
})
