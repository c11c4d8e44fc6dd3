import type { Accelerator } from './argv.ts'

/** In milliseconds at native speed, from the start: to sshd's first word, to all but the engine, to the engine too. */
export interface BootLimits {
  banner: number
  ready: number
  engine: number
}

/** Ten times what it takes. */
export const usualLimits: BootLimits = { banner: 15_000, ready: 20_000, engine: 40_000 }

/** Measured: what labs run takes 10 times as long emulated as natively on an idle host, up to 20 times on a busy one. */
export const slownessOf: Record<Accelerator, number> = { kvm: 1, tcg: 10 }

/** Three of them without a sign of life, and the machine is lost: within 5 s, but no sooner than a busy host needs. */
export const keepaliveMs: Record<Accelerator, number> = { kvm: 500, tcg: 1000 }
