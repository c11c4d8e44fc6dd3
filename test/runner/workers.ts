import { availableParallelism } from 'node:os'

/** What bounds the number of test files that this host can run side by side. */
export interface Room {
  cores: number
  /** Of the host's memory, what is free. */
  freeMiB: number
}

/** Tests with machines mostly wait: for ARP, for pings that stay unanswered, for an engine. */
const perCore = 3

/** A worker's own process, and the two machines with an engine that its test may have up. */
const workerMiB = 1024

/** How many test files are run side by side. */
export function workersThatFit({ cores, freeMiB }: Room): number {
  return Math.max(1, Math.min(perCore * cores, Math.floor(freeMiB / workerMiB)))
}

/** This host's room. */
export function roomHere(): Room {
  return { cores: availableParallelism(), freeMiB: process.availableMemory() / 2 ** 20 }
}
