import { changedClock, steppedClock } from './clock.ts'
import {
  damagedImage,
  damagedNotes,
  damagedStore,
  emptyStore,
  oddTimes,
  smallCacheDisk,
  smallRunDisk,
} from './disks.ts'
import { type Fault, hostLacks, interrupted, killed, machineDied, verdict } from './fault.ts'
import { exhausted, limitedMemory } from './memory.ts'
import { cli, named, qemu, sandboxInit, segment, send, wholeSandbox } from './strikes.ts'

const sandbox = { on: 'sandbox', engine: false } as const
const withEngine = { on: 'sandbox', engine: true } as const
const virtual = { on: 'qemu', engine: false } as const

/** A run that is killed can't remove these. What can die with it does; what can't goes with the next run. */
const untilTheNextRun = /^(cgroup|run folder) /

/** What was being made, and what made it: the next one that makes it removes the rest. */
const untilItIsMade = /^(cgroup|run folder|half) /

/** A process that is gone is noticed at once, silence within 5 s; a report tells of it a moment later. */
const atOnce = 3000
const silence = 5000

const died = machineDied(/MachineError: /)

/** What goes wrong. The order is that in which they take turns. */
export const faults: Fault[] = [
  {
    name: 'kill-cli',
    what: 'the command line gets SIGKILL',
    ...sandbox,
    strike: send('SIGKILL', cli),
    may: [killed],
    stays: untilTheNextRun,
  },
  {
    name: 'kill-cli-engine',
    what: 'the command line gets SIGKILL, an engine and a container in its machine',
    ...withEngine,
    strike: send('SIGKILL', cli),
    may: [killed],
    stays: untilTheNextRun,
  },
  {
    name: 'interrupt',
    what: 'the command line gets SIGTERM',
    ...withEngine,
    strike: send('SIGTERM', cli),
    // Before there is anything to be cleaned up, it ends as any program does.
    may: [interrupted, killed],
  },
  {
    name: 'kill-init',
    what: "the sandbox's init gets SIGKILL",
    ...sandbox,
    strike: send('SIGKILL', sandboxInit),
    may: [died],
    noticedMs: atOnce,
  },
  {
    name: 'kill-ssh-server',
    what: "the sandbox's ssh server gets SIGKILL",
    ...sandbox,
    // Since OpenSSH 9.8 it is a program of its own that serves a connection.
    strike: send('SIGKILL', named(/^sshd(-session)?$/)),
    may: [died],
    noticedMs: atOnce,
  },
  {
    name: 'kill-dockerd',
    what: "the sandbox's dockerd gets SIGKILL",
    ...withEngine,
    strike: send('SIGKILL', named(/^dockerd$/)),
    may: [died],
  },
  {
    name: 'kill-containerd',
    what: "the sandbox's containerd gets SIGKILL",
    ...withEngine,
    strike: send('SIGKILL', named(/^containerd$/)),
    may: [died],
  },
  {
    name: 'freeze-sandbox',
    what: 'all of the sandbox gets SIGSTOP',
    ...sandbox,
    strike: send('SIGSTOP', wholeSandbox),
    may: [died],
    noticedMs: silence,
    // Before it has said its first word nothing tells it from one that is slow.
    startingMs: 25_000,
  },
  {
    name: 'full-run-disk',
    what: "the disk for machines' own files is full sooner or later",
    ...sandbox,
    setUp: smallRunDisk(1e6),
    may: [verdict, hostLacks(/HostError: the folder for a machine's own files, .* is full: ENOSPC/)],
  },
  {
    name: 'full-cache-disk',
    what: 'the disk of the cache is full sooner or later',
    ...sandbox,
    setUp: smallCacheDisk(4e6),
    may: [verdict, hostLacks(/HostError: .*(full|ENOSPC)/)],
  },
  {
    name: 'full-cache-disk-engine',
    what: "the disk of the cache is full sooner or later, and the engine's data have to be made there",
    ...withEngine,
    every: 2,
    setUp: smallCacheDisk(200e6),
    may: [verdict, hostLacks(/HostError: .*(full|ENOSPC)/)],
  },
  {
    name: 'damaged-engine-data',
    what: "a file of the engine's data is cut off, or a bit of it turned",
    ...withEngine,
    every: 2,
    setUp: damagedStore('engines'),
    may: [verdict],
  },
  {
    name: 'out-of-memory',
    what: 'the memory runs out, and the kernel kills the command line or the engine',
    ...withEngine,
    setUp: limitedMemory,
    strike: exhausted,
    may: [died, killed],
    stays: untilTheNextRun,
  },
  {
    name: 'kill-cli-preparing',
    what: "the command line gets SIGKILL, while it makes the engine's data or soon after",
    ...withEngine,
    every: 2,
    lasts: 1.4,
    setUp: emptyStore('engines'),
    strike: send('SIGKILL', cli),
    may: [killed],
    stays: untilItIsMade,
  },
  {
    name: 'kill-cli-segment',
    what: 'the command line gets SIGKILL, two machines and a segment below it',
    ...sandbox,
    lab: 'two-machines',
    every: 2,
    strike: send('SIGKILL', cli),
    may: [killed],
    stays: untilTheNextRun,
  },
  {
    name: 'kill-segment',
    what: 'what holds the segment of two machines gets SIGKILL',
    ...sandbox,
    lab: 'two-machines',
    every: 2,
    strike: send('SIGKILL', segment),
    may: [died],
    noticedMs: atOnce,
  },
  {
    name: 'damaged-image',
    what: 'a file of the image is cut off, or a bit of it turned',
    ...sandbox,
    setUp: damagedImage,
    may: [
      hostLacks(/^ *… image damaged \(checksum\): (?:.*\n)*HostError: the trixie image can't be built: the mirror/m),
    ],
  },
  {
    name: 'damaged-notes',
    what: 'a note in the cache is cut off, or a bit of it turned',
    ...sandbox,
    setUp: damagedNotes,
    may: [verdict, hostLacks(/HostError: the trixie image can't be built: the mirror/)],
  },
  {
    name: 'odd-times',
    what: 'the files of the image are of tomorrow, of 2038, or of 1970',
    ...sandbox,
    setUp: oddTimes,
    may: [verdict],
  },
  {
    name: 'clock',
    what: 'the clock of the command line is set back or forth, by minutes to years',
    ...sandbox,
    setUp: steppedClock,
    strike: changedClock,
    may: [verdict],
  },
  {
    name: 'crowd',
    what: 'ten runs at once, one of which gets SIGKILL',
    ...sandbox,
    crowd: 10,
    every: 4,
    strike: send('SIGKILL', cli),
    may: [killed],
    stays: untilTheNextRun,
  },
  {
    name: 'crowd-engine',
    what: "five runs at once, without the engine's data: one makes them, the others wait",
    ...withEngine,
    crowd: 5,
    every: 4,
    setUp: emptyStore('engines'),
    may: [verdict],
    once: /… preparing the engine's data/,
  },
  {
    name: 'kill-qemu',
    what: 'QEMU gets SIGKILL',
    ...virtual,
    strike: send('SIGKILL', qemu),
    may: [died],
    noticedMs: atOnce,
  },
  {
    name: 'freeze-qemu',
    what: 'QEMU gets SIGSTOP',
    ...virtual,
    strike: send('SIGSTOP', qemu),
    may: [died],
    noticedMs: silence,
  },
  {
    name: 'kill-cli-qemu',
    what: 'the command line gets SIGKILL, a virtual machine below it',
    ...virtual,
    strike: send('SIGKILL', cli),
    may: [killed],
    stays: untilTheNextRun,
  },
  {
    name: 'out-of-memory-qemu',
    what: 'the memory runs out, and the kernel kills the command line or QEMU',
    ...virtual,
    setUp: limitedMemory,
    strike: exhausted,
    may: [died, killed],
    stays: untilTheNextRun,
  },
  {
    name: 'damaged-template',
    what: 'a file of the template is cut off, or a bit of it turned',
    ...virtual,
    every: 3,
    setUp: damagedStore('templates'),
    may: [verdict],
  },
  {
    name: 'kill-cli-making',
    what: 'the command line gets SIGKILL, while it makes a template or soon after',
    ...virtual,
    every: 3,
    lasts: 4,
    setUp: emptyStore('templates'),
    strike: send('SIGKILL', cli),
    may: [killed],
    stays: untilItIsMade,
  },
  {
    name: 'kill-qemu-making',
    what: 'QEMU gets SIGKILL, while a template is made or soon after',
    ...virtual,
    every: 3,
    lasts: 4,
    setUp: emptyStore('templates'),
    strike: send('SIGKILL', qemu),
    may: [died],
    noticedMs: atOnce,
  },
  {
    name: 'crowd-qemu',
    what: 'ten runs at once, without a template: one makes it, the others wait',
    ...virtual,
    crowd: 10,
    every: 6,
    setUp: emptyStore('templates'),
    may: [verdict],
    once: /… making the template of/,
  },
]
